import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { readSecretValue } from '../secrets/value.ts';
import type { SecretReference } from './document.ts';

/** What a reference leads to. */
export type SecretState =
  | { readonly kind: 'value'; readonly value: string }
  /** Nothing, and that is no error: what is stored stays. */
  | { readonly kind: 'kept' }
  /** A command that isn't run before the document is applied. */
  | { readonly kind: 'unread' };

export interface ReferenceWorld {
  /** Where relative paths begin, and commands run. */
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  /** Whether programs may be run. */
  readonly runs: boolean;
  readonly signal: AbortSignal;
}

/** Why a reference leads to no value; the message never holds one. */
export class ReferenceFault extends Error {}

/** Reads what a reference leads to. Throws ReferenceFault. */
export async function followReference(
  name: string,
  reference: SecretReference,
  world: ReferenceWorld,
): Promise<SecretState> {
  if (reference.command && !world.runs) return { kind: 'unread' };
  const bytes = await read(reference, world);
  if (bytes !== undefined) return { kind: 'value', value: checked(name, bytes) };
  if (reference.optional) return { kind: 'kept' };
  throw new ReferenceFault(
    reference.env === undefined ? 'there is no such file' : 'this variable is not set',
  );
}

/** Undefined: there is none. */
async function read(
  { file, env, command }: SecretReference,
  world: ReferenceWorld,
): Promise<Uint8Array | undefined> {
  if (file !== undefined) return readNamed(resolve(world.folder, file));
  if (env !== undefined) return world.env[env] ? Buffer.from(world.env[env]) : undefined;
  return run(command ?? [], world);
}

async function readNamed(path: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    throw new ReferenceFault(`the file can’t be read: ${code}`, { cause: error });
  }
}

const longestMs = 30_000;
/** What a secret may have, and a line end. */
const mostBytes = 64 * 1024 + 2;

/** What a program prints. Nothing else of it is told: it may speak of its secret. */
async function run(
  [program = '', ...args]: readonly string[],
  { folder, env, signal }: ReferenceWorld,
): Promise<Uint8Array> {
  const options = {
    cwd: folder,
    env,
    signal,
    timeout: longestMs,
    killSignal: 'SIGKILL',
    maxBuffer: mostBytes,
    encoding: 'buffer',
  } as const;
  const running = promisify(execFile)(program, args, options);
  running.child.stdin?.end();
  try {
    return (await running).stdout;
  } catch (error) {
    signal.throwIfAborted();
    throw new ReferenceFault(failureOf(error as Failure));
  }
}

interface Failure {
  /** An exit code, or that of a system call. */
  readonly code?: number | string;
  readonly killed?: boolean;
}

function failureOf({ code, killed = false }: Failure): string {
  if (code === 'ENOENT') return 'there is no such program';
  if (code === 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER') return 'the command printed too much';
  if (killed) return `the command took longer than ${longestMs / 1000} s`;
  return `the command failed (${code ?? 'by a signal'})`;
}

function checked(name: string, bytes: Uint8Array): string {
  try {
    return readSecretValue(name, bytes);
  } catch (error) {
    // Its reason alone: the place says whose value it is.
    throw new ReferenceFault((error as Error).message.replaceAll(/^.*: |\.$/g, ''));
  }
}

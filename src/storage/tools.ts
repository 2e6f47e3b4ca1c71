import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { join } from 'node:path';
import { EngineError } from '../errors.ts';

/** How this host's programs are run. */
export interface Tools {
  readonly env: NodeJS.ProcessEnv;
}

/** A program of the host failed; what it said is in the message. */
export class StorageError extends EngineError {
  constructor(argv: readonly string[], { code, stderr }: { code: number; stderr: string }) {
    const reason = stderr.trim().split('\n').at(-1) || `it ended with ${code}`;
    super(`${argv.slice(0, 1).join('')} failed: ${reason}`, {
      code: 'STORAGE_FAILED',
      suggestions: [
        ...(argv[0] === 'umount' ? [`fuser -vm ${argv.at(-1)}, for who uses it`] : []),
        'mcpd doctor',
      ],
    });
  }
}

/** Runs one program without a shell. Throws StorageError unless it ends with 0. */
export async function run({ env }: Tools, argv: readonly string[]): Promise<void> {
  const [program = '', ...rest] = argv;
  const child = spawn(program, rest, {
    env: { PATH: searchPath(env), LC_ALL: 'C' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ended = new Promise<number>((resolve) => {
    child.once('error', () => resolve(127));
    child.once('close', (code) => resolve(code ?? 1));
  });
  const [code, stderr] = await Promise.all([ended, text(child.stderr)]);
  if (code !== 0) throw new StorageError(argv, { code, stderr });
}

const needed = ['mkfs.ext4', 'mount', 'umount', 'losetup', 'resize2fs', 'cp'];

/** Why this host can't have file systems in files, a clause for people; undefined when it can. */
export function missingTools({ env }: Tools): string | undefined {
  const folders = searchPath(env).split(':');
  const missing = needed.filter((name) => !folders.some((one) => existsSync(join(one, name))));
  if (missing.length > 0) return `${missing.join(', ')} not installed`;
  return existsSync('/dev/loop-control') ? undefined : 'this host has no loop devices';
}

// `sbin` is not on everybody's PATH.
function searchPath(env: NodeJS.ProcessEnv): string {
  return `${env['PATH'] ?? ''}:/usr/sbin:/sbin:/usr/bin:/bin`;
}

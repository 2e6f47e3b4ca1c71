import { PassThrough, type Readable, type Writable } from 'node:stream';
import * as z from 'zod';
import type { Context } from '../context.ts';
import { ConflictError } from '../errors.ts';
import { containersByServer } from '../reconcile/observed.ts';
import { selectServer, type Target } from './selection.ts';

export const execResult = z.object({
  exitCode: z.int().describe('of the command; it is also the exit code of mcpd'),
  stdout: z.string(),
  stderr: z.string(),
  truncated: z.boolean().describe('true when only the first MiB of an output is here'),
});

export type ExecResult = z.infer<typeof execResult>;

export interface ExecRequest {
  readonly target: Target & { readonly server: string };
  readonly argv: readonly string[];
}

export interface Streams {
  readonly stdin: Readable | undefined;
  readonly stdout: Writable;
  readonly stderr: Writable;
  readonly tty: boolean;
}

/**
 * Runs a command beside a server, as its user's own uid, in the workspace; gives its exit code. Throws
 * NotFoundError, and ConflictError when the server's container does not run.
 */
export async function runInServer(
  context: Context,
  { target, argv }: ExecRequest,
  streams: Streams,
): Promise<number> {
  const { registry } = context;
  const { user, server, key } = selectServer(registry, target);
  const engine = await context.engine();
  const observed = await engine.observe({ instance: registry.instance, userId: user.id });
  const container = containersByServer(observed.servers).get(server.id);
  if (container?.state !== 'running') {
    throw new ConflictError(`${key} is not running: it is ${container?.state ?? 'absent'}.`, {
      code: 'NOT_RUNNING',
      suggestions: user.down ? [`mcpd up ${user.name}`] : [`mcpd start ${key}`, `mcpd logs ${key}`],
    });
  }
  return engine.exec(container.containerId, {
    ...streams,
    argv,
    user: `${user.uid}:${user.gid}`,
    cwd: '/workspace',
  });
}

const keptBytes = 2 ** 20;

/** The same with the output in the result, for scripts. */
export async function captureInServer(
  context: Context,
  request: ExecRequest,
  stdin: Readable | undefined,
): Promise<ExecResult> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const kept = Promise.all([keepFirst(stdout), keepFirst(stderr)]);
  const exitCode = await runInServer(context, request, { stdin, stdout, stderr, tty: false });
  stdout.end();
  stderr.end();
  const [out, err] = await kept;
  return {
    exitCode,
    stdout: out.text,
    stderr: err.text,
    truncated: out.truncated || err.truncated,
  };
}

async function keepFirst(stream: Readable): Promise<{ text: string; truncated: boolean }> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    if (bytes < keptBytes) chunks.push(chunk);
    bytes += chunk.length;
  }
  const text = Buffer.concat(chunks).subarray(0, keptBytes).toString('utf8');
  return { text, truncated: bytes > keptBytes };
}

import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';

export interface OnceOptions {
  /** After this many milliseconds of waiting, run beside the holder: it may be a stranger. */
  readonly maxWaitMs: number;
  /** Called once, when somebody else is at it. */
  readonly onWait?: () => void;
  /** Ends the waiting; `run` minds it itself. */
  readonly signal?: AbortSignal;
}

/**
 * Runs one at a time per name and host, over all processes, so that twenty commands build an image
 * once. The lock is an abstract socket: it ends with its process and leaves no file to go stale. It
 * only saves work; whoever calls looks again at what is there inside `run`.
 */
export async function onePerHost<T>(
  name: string,
  { maxWaitMs, onWait, signal }: OnceOptions,
  run: () => Promise<T>,
): Promise<T> {
  if (process.platform !== 'linux') return run();
  const path = `\0mcpd-${createHash('sha256').update(name).digest('hex').slice(0, 32)}`;
  const timeout = AbortSignal.timeout(maxWaitMs);
  const deadline = signal ? AbortSignal.any([timeout, signal]) : timeout;
  let lock = await acquire(path);
  if (!lock) onWait?.();
  while (!lock && !deadline.aborted) {
    await released(path, deadline);
    lock = await acquire(path);
  }
  try {
    signal?.throwIfAborted();
    return await run();
  } finally {
    lock?.release();
  }
}

interface Lock {
  release(): void;
}

async function acquire(path: string): Promise<Lock | undefined> {
  const waiting = new Set<Socket>();
  const server = createServer((socket) => {
    waiting.add(socket.unref());
    socket.on('error', () => undefined).on('close', () => waiting.delete(socket));
  });
  if (!(await listen(server, path))) return undefined;
  server.unref();
  const release = () => {
    server.close();
    for (const socket of waiting) socket.destroy();
  };
  return { release };
}

async function listen(server: Server, path: string): Promise<boolean> {
  server.listen({ path, exclusive: true });
  try {
    await once(server, 'listening');
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') return false;
    throw error;
  }
}

/** Until the holder lets go, dies, or the deadline passes. */
async function released(path: string, deadline: AbortSignal): Promise<void> {
  const socket = connect({ path });
  socket.resume();
  const stop = () => socket.destroy();
  deadline.addEventListener('abort', stop);
  const refused = await new Promise<boolean>((resolve) => {
    socket.on('error', () => undefined).on('close', resolve);
  });
  deadline.removeEventListener('abort', stop);
  // The holder is gone; or it never listens, and asking at once would spin.
  if (refused) await setTimeout(50);
}

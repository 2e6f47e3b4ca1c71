import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';

/** What stands between HTTP clients and a stdio server: the bridge, or a program it is compared with. */
export interface Running extends AsyncDisposable {
  readonly port: number;
  /** Undefined where none is asked for. */
  readonly token: string | undefined;
  readonly pid: number;
}

/** Starts one on some port; `server` is the command of the stdio server. */
export type Start = (server: readonly string[]) => Promise<Running>;

/** Megabytes (MiB) of memory of a process's own, its share of shared pages included (PSS). */
export async function memoryMib(pid: number): Promise<number> {
  const rollup = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8');
  return Number(/^Pss:\s+(\d+) kB$/m.exec(rollup)?.[1]) / 1024;
}

/**
 * The same of its own memory alone, which is what can leak; what it maps of files comes and goes with others.
 * No share is taken off for a child that has not become another program yet: a bridge starts many.
 */
export async function anonymousMib(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^RssAnon:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024;
}

export async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
}

export function startNode(args: readonly string[]): ChildProcess & { readonly pid: number } {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const { pid } = child;
  if (pid === undefined) throw new Error(`${args.join(' ')} did not start`);
  return Object.assign(child, { pid });
}

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { processesWith } from '../support/proc.ts';
import { docker } from './docker-api.ts';

/**
 * Keeps this process, and what it starts meanwhile, on one processor. With one call in flight only one process
 * works at a time; spread over several, the others halt at every hop, and waking them up, which in a virtual
 * machine is its host's work, would be measured with it.
 */
export function onOneProcessor(): Disposable {
  const all = ownProcessors();
  const [first = '0'] = all.split(/[-,]/, 1);
  keepOn(first, process.pid);
  return { [Symbol.dispose]: () => keepOn(all, process.pid) };
}

/** Who is kept on the same processors: the container that publishes a port, and processes beside it. */
export interface Side {
  readonly container: string;
  readonly port: number;
  readonly pids: readonly number[];
}

/** Keeps one side on the first of this process's processors and the other one on the last, meanwhile. */
export async function apart<Result>(
  [one, other]: readonly [Side, Side],
  measure: () => Promise<Result>,
): Promise<Result> {
  const all = ownProcessors();
  const [first = '0', ...rest] = all.split(/[-,]/);
  const last = rest.at(-1) ?? first;
  try {
    await Promise.all([keepSideOn(first, one), keepSideOn(last, other)]);
    return await measure();
  } finally {
    await Promise.all([keepSideOn(all, one), keepSideOn(all, other)]);
  }
}

async function keepSideOn(processors: string, { container, port, pids }: Side): Promise<void> {
  const body = { CpusetCpus: processors };
  await docker(`/containers/${container}/update`, { method: 'POST', body });
  // The engine's own, which stands before the container on loopback.
  const proxies = processesWith((text) => text.includes(`-host-port\0${port}\0`));
  for (const pid of [...proxies.map((proxy) => proxy.pid), ...pids]) keepOn(processors, pid);
}

function ownProcessors(): string {
  const status = readFileSync('/proc/self/status', 'utf8');
  return /^Cpus_allowed_list:\s*(\S+)$/m.exec(status)?.[1] ?? '0';
}

function keepOn(processors: string, pid: number): void {
  const move = ['--all-tasks', '--cpu-list', '--pid', processors, `${pid}`];
  execFileSync('taskset', move, { stdio: 'ignore' });
}

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { processesWith } from '../support/proc.ts';

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

/** This process's first and last processor; the same one where it has only one. */
export function twoProcessors(): readonly [first: string, last: string] {
  const [first = '0', ...rest] = ownProcessors().split(/[-,]/);
  return [first, rest.at(-1) ?? first];
}

/** Keeps clients, and what stands before the container of a port, on one processor. */
export function keepBeside(processor: string, { pids, port }: Beside): Disposable {
  const all = ownProcessors();
  // The engine's own, which stands before the container on loopback.
  const proxies = processesWith((text) => text.includes(`-host-port\0${port}\0`));
  const kept = [...proxies.map(({ pid }) => pid), ...pids];
  for (const pid of kept) keepOn(processor, pid);
  return {
    [Symbol.dispose]: () => {
      for (const pid of kept) keepOn(all, pid);
    },
  };
}

interface Beside {
  /** Of the clients. */
  readonly pids: readonly number[];
  readonly port: number;
}

function ownProcessors(): string {
  const status = readFileSync('/proc/self/status', 'utf8');
  return /^Cpus_allowed_list:\s*(\S+)$/m.exec(status)?.[1] ?? '0';
}

function keepOn(processors: string, pid: number): void {
  const move = ['--all-tasks', '--cpu-list', '--pid', processors, `${pid}`];
  execFileSync('taskset', move, { stdio: 'ignore' });
}

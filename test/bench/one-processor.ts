import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/**
 * Keeps this process, and what it starts meanwhile, on one processor. With one call in flight only one process
 * works at a time; spread over several, the others halt at every hop, and waking them up, which in a virtual
 * machine is its host's work, would be measured with it.
 */
export function onOneProcessor(): Disposable {
  const before = /^Cpus_allowed_list:\s*(\S+)$/m.exec(readFileSync('/proc/self/status', 'utf8'));
  const [, all = '0'] = before ?? [];
  const [first = '0'] = all.split(/[-,]/, 1);
  moveTo(first);
  return { [Symbol.dispose]: () => moveTo(all) };
}

function moveTo(processors: string): void {
  const move = ['--all-tasks', '--cpu-list', '--pid', processors, `${process.pid}`];
  execFileSync('taskset', move, { stdio: 'ignore' });
}

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';

/** It ends with its parent, however that ends. */
const loop = '1 while getppid() == $ARGV[0]';

/**
 * Keeps processors from halting, by a loop on each that makes way for whatever else there is (`SCHED_IDLE`),
 * as one turns off their sleep states to measure latency. With one call in flight they would halt several
 * times a call, and waking them up, which in a virtual machine is its host's work, would be measured with it.
 */
export async function keepAwake(): Promise<AsyncDisposable> {
  const command = ['--idle', '0', 'perl', '-e', loop, `${process.pid}`];
  const loops = Array.from({ length: availableParallelism() }, () =>
    spawn('chrt', command, { stdio: 'ignore' }),
  );
  await Promise.all(loops.map((one) => once(one, 'spawn')));
  return {
    [Symbol.asyncDispose]: async () => {
      await Promise.all(loops.map(end));
    },
  };
}

async function end(one: ChildProcess): Promise<void> {
  const ended = once(one, 'exit');
  one.kill('SIGKILL');
  await ended;
}

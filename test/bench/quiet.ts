import { readFile, readdir } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';

const lookMs = 100;

/**
 * Waits until a process and its children rest: they are the same as 100 ms ago, and none has used a
 * tick of the processor since. A server that is starting, or a spare one, is not at rest.
 */
export async function untilQuiet(pid: number): Promise<void> {
  let before = await activity(pid);
  for (;;) {
    await wait(lookMs);
    const now = await activity(pid);
    if (now === before) return;
    before = now;
  }
}

/** Changes with every child that comes or goes, and with every tick (10 ms) that one runs. */
async function activity(pid: number): Promise<string> {
  const pids = [pid, ...(await childrenOf(pid))];
  return (await Promise.all(pids.map(ticks))).join(' ');
}

async function childrenOf(pid: number): Promise<number[]> {
  const threads = await readdir(`/proc/${pid}/task`);
  const lists = threads.map((thread) => readText(`/proc/${pid}/task/${thread}/children`));
  return (await Promise.all(lists)).join(' ').split(' ').filter(Boolean).map(Number);
}

async function ticks(pid: number): Promise<string> {
  // The name before the last bracket may hold anything.
  const fields = (await readText(`/proc/${pid}/stat`)).split(') ').at(-1)?.split(' ') ?? [];
  const [user, system] = [fields[11], fields[12]];
  return `${pid}:${Number(user) + Number(system)}`;
}

/** Empty when the process has just ended. */
function readText(file: string): Promise<string> {
  return readFile(file, 'utf8').catch(() => '');
}

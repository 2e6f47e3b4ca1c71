import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { readText } from './proc-file.ts';

interface World {
  /** The tenant's uid. */
  readonly uid: number;
  readonly proc?: string;
  readonly kill?: (pid: number) => void;
}

/** Enough for what forks while it is being ended; the next session's end tries again. */
const mostRounds = 50;

/**
 * Kills the tenant's processes that init has adopted: they left their server's process group and
 * outlived it. What runs under the bridge, or was brought in by `exec`, is somebody's. Only for a
 * container of the bridge's own, where init adopts nothing else.
 */
export function endLeftovers({ uid, proc = '/proc', kill = killNow }: World): void {
  for (let round = 0; round < mostRounds; round += 1) {
    const leftovers = findLeftovers(proc, uid);
    if (leftovers.length === 0) return;
    for (const pid of leftovers) kill(pid);
  }
}

interface Process {
  readonly parent: number;
  readonly uid: number;
  readonly isRunning: boolean;
}

const init = 1;

function findLeftovers(proc: string, uid: number): number[] {
  const processes = readProcesses(proc);
  const isAdopted = (pid: number): boolean => {
    const parent = processes.get(pid)?.parent;
    if (parent === init) return true;
    // The bridge has another uid than its servers, so that their line ends there.
    return parent !== undefined && processes.get(parent)?.uid === uid && isAdopted(parent);
  };
  return [...processes.keys()].filter((pid) => {
    const found = processes.get(pid);
    return found?.uid === uid && found.isRunning && isAdopted(pid);
  });
}

function readProcesses(proc: string): Map<number, Process> {
  const pids = readdirSync(proc).filter((name) => /^\d+$/.test(name));
  return new Map(
    pids.flatMap((pid) => {
      const found = parseStatus(readText(join(proc, pid, 'status')));
      return found ? [[Number(pid), found] as const] : [];
    }),
  );
}

/** Reads `/proc/PID/status`; undefined when the process has ended. */
function parseStatus(text: string): Process | undefined {
  const field = (name: string): string | undefined =>
    new RegExp(`^${name}:\\s+(\\w+)`, 'm').exec(text)?.[1];
  const [parent, uid] = [field('PPid'), field('Uid')];
  if (parent === undefined || uid === undefined) return undefined;
  // A zombie has ended already, and waits for its parent.
  return { parent: Number(parent), uid: Number(uid), isRunning: field('State') !== 'Z' };
}

function killNow(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

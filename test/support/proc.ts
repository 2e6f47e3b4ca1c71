import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as after } from 'node:timers/promises';

/** A process of this host at one moment. */
export interface Process {
  readonly pid: number;
  /** Effective uid. */
  readonly uid: number;
  /** Arguments and environment, as the kernel keeps them. */
  readonly text: string;
}

/** Processes whose arguments or environment hold a text now. */
export function processesWith(hasIt: (text: string) => boolean): Process[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.flatMap((pid) => {
    try {
      const text = read(pid, 'cmdline') + read(pid, 'environ');
      if (!hasIt(text)) return [];
      // Read after the environment: a server gets that together with its uid, not before it.
      const uid = Number(/^Uid:\t\d+\t(\d+)/m.exec(read(pid, 'status'))?.[1]);
      return [{ pid: Number(pid), uid, text }];
    } catch {
      // It has ended.
      return [];
    }
  });
}

/** Looks again and again until it is stopped, and gives every process that was found. */
export function watchProcesses(hasIt: (text: string) => boolean): { stop(): Promise<Process[]> } {
  const over = new AbortController();
  const found: Process[] = [];
  const watching = (async () => {
    while (!over.signal.aborted) {
      found.push(...processesWith(hasIt));
      await after(5);
    }
  })();
  return {
    stop: async () => {
      over.abort();
      await watching;
      return found;
    },
  };
}

function read(pid: string, file: string): string {
  return readFileSync(`/proc/${pid}/${file}`, 'latin1');
}

import { readFileSync } from 'node:fs';

/** One process, told apart from a later one that got the same pid, and from one before a reboot. */
export interface Holder {
  readonly pid: number;
  /** Clock ticks from boot to its start, field 22 of `/proc/<pid>/stat`. */
  readonly startTime: string;
  readonly bootId: string;
}

/** This process. */
export function currentHolder(pid = process.pid): Holder {
  return { pid, startTime: readStat(pid)?.startTime ?? '', bootId: readBootId() };
}

/** Whether that very process still runs. A zombie doesn't. */
export function isAlive(holder: Holder): boolean {
  if (holder.bootId !== readBootId()) return false;
  const stat = readStat(holder.pid);
  return stat !== undefined && stat.startTime === holder.startTime && !/[ZX]/.test(stat.state);
}

function readStat(pid: number): { state: string; startTime: string } | undefined {
  const text = readProc(`/proc/${pid}/stat`);
  // The second field is the program's name in brackets, which may contain spaces and brackets.
  const fields = text?.slice(text.lastIndexOf(')') + 2).split(' ');
  if (fields === undefined) return undefined;
  return { state: fields[0] ?? '', startTime: fields[19] ?? '' };
}

function readBootId(): string {
  return readProc('/proc/sys/kernel/random/boot_id')?.trim() ?? '';
}

function readProc(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ESRCH') return undefined;
    throw error;
  }
}

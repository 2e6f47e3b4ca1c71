import { readdirSync, readFileSync } from 'node:fs';

/** Sends a signal to every process of a group; false when there is none that we may send one to. */
export function signalGroup(group: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(-group, signal);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ESRCH' || code === 'EPERM') return false;
    throw error;
  }
}

/** Whether a process of the group still runs. Zombies, which nobody may ever have waited for, don't. */
export function isGroupAlive(group: number): boolean {
  return signalGroup(group, 0) && readdirSync('/proc').some((name) => isMember(name, group));
}

function isMember(pid: string, group: number): boolean {
  if (!/^\d+$/.test(pid)) return false;
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the program's name in brackets, which may contain spaces and brackets.
    const [state = '', , pgrp] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return Number(pgrp) === group && !/[ZX]/.test(state);
  } catch {
    // It ended while we looked.
    return false;
  }
}

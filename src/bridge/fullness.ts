import { join } from 'node:path';
import { readText } from './proc-file.ts';

/** What is used, and its cap: files of the cgroup, version 2 and then 1, and the field in them, if they have several. */
const resources = [
  { used: 'memory.stat', field: 'anon', cap: 'memory.max' },
  { used: 'memory/memory.stat', field: 'total_rss', cap: 'memory/memory.limit_in_bytes' },
  { used: 'pids.current', field: undefined, cap: 'pids.max' },
  { used: 'pids/pids.current', field: undefined, cap: 'pids/pids.max' },
];

/**
 * How much of its caps this container uses: the larger share of memory, file cache left out, and of
 * processes; 0 where nobody counts or caps.
 */
export function fullness(cgroup = '/sys/fs/cgroup'): number {
  const shares = resources.map(({ used, field, cap }) => {
    const share = read(cgroup, used, field) / read(cgroup, cap);
    return Number.isFinite(share) ? share : 0;
  });
  return Math.max(...shares);
}

/** NaN when there is no such number. */
function read(cgroup: string, file: string, field?: string): number {
  const text = readText(join(cgroup, file));
  const value = field === undefined ? text : new RegExp(`^${field} (\\d+)$`, 'm').exec(text)?.[1];
  return Number.parseInt(value ?? '', 10);
}

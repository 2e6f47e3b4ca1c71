import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cpusetText } from '../policy/cpuset.ts';

/** Which processors may be given: as control groups say, of either version, or all that are on. */
const places = [
  'sys/fs/cgroup/cpuset.cpus.effective',
  'sys/fs/cgroup/cpuset/cpuset.cpus',
  'sys/devices/system/cpu/online',
];

/**
 * Processors that containers on this host can be given, as `cpusetText` parses them: not always those from 0 on.
 * Undefined: it doesn't say.
 */
export async function hostProcessors(root = '/'): Promise<string | undefined> {
  for (const place of places) {
    const text = await readFile(join(root, place), 'utf8').catch(() => '');
    const { data } = cpusetText.safeParse(text.trim());
    if (data !== undefined) return data;
  }
  return undefined;
}

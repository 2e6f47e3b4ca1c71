import { formatBytes } from '../policy/bytes.ts';
import type { Limits } from '../policy/limits.ts';

type Said = { readonly [Key in keyof Limits]?: Limits[Key] | undefined };

/** Those of the limits that are said: `memory 512MiB, cpus 1, pids 256`. */
export function limitsText({ memoryBytes, cpus, cpuset, pids }: Said): string {
  return [
    memoryBytes === undefined ? undefined : `memory ${formatBytes(memoryBytes)}`,
    cpus === undefined ? undefined : `cpus ${cpus}`,
    cpuset ? `cpuset ${cpuset}` : undefined,
    pids === undefined ? undefined : `pids ${pids}`,
  ]
    .filter((part) => part !== undefined)
    .join(', ');
}

import * as z from 'zod';
import { parseBytes } from './bytes.ts';
import { countOf, cpusetWithin } from './cpuset.ts';

/** What one container may use, in base units. */
export interface Limits {
  readonly memoryBytes: number;
  readonly cpus: number;
  readonly pids: number;
  /** Processors that it may run on, as `cpusetText` parses them; null: all. */
  readonly cpuset: string | null;
}

interface Machine {
  /** All that it has, as `cpusetText` parses them. */
  readonly processors: string;
  /** Those that no server leaves; null: all. */
  readonly maximum: string | null;
}

/** Caps on a machine. Processors that it lacks don't count; where it lacks all of a list, the maximum is the list. */
export function limitsWithin(
  { cpus, cpuset, ...limits }: Limits,
  { processors, maximum }: Machine,
): Limits {
  const most = maximum === null ? processors : cpusetWithin(maximum, processors);
  return {
    ...limits,
    cpus: Math.min(cpus, countOf(processors)),
    cpuset: cpuset === null ? null : cpusetWithin(cpuset, most),
  };
}

/** A memory size as users write it: `512m`, `1g`, `268435456`. Docker's floor is 6 MiB. */
export const memorySize = z.string().transform(toMemory);

/** The same, or a number of bytes. */
export const memoryAmount = z.union([z.string(), z.number()]).transform(toMemory);

function toMemory(written: string | number, issue: z.RefinementCtx): number {
  const bytes = parseBytes(String(written));
  if (bytes !== undefined && bytes >= 6 * 2 ** 20) return bytes;
  issue.addIssue(`"${written}" is not a memory size; write e.g. 512m or 1g (at least 6m)`);
  return z.NEVER;
}

/** A storage quota as users write it: `2g`; 0 is none. A smaller file system would be all tables. */
export const storageSize = z.string().transform(toStorage);

/** The same, or a number of bytes. */
export const storageAmount = z.union([z.string(), z.number()]).transform(toStorage);

function toStorage(written: string | number, issue: z.RefinementCtx): number {
  const bytes = parseBytes(String(written));
  if (bytes === 0 || (bytes !== undefined && bytes >= 16 * 2 ** 20)) return bytes;
  issue.addIssue(
    `"${written}" is not a storage size; write e.g. 2g (at least 16m), or 0 for no quota`,
  );
  return z.NEVER;
}

/** A size of audit files as users write it. Smaller ones would hold next to nothing. */
export const auditSize = z.string().transform((written, issue) => {
  const bytes = parseBytes(written);
  if (bytes !== undefined && bytes >= 64 * 2 ** 10) return bytes;
  issue.addIssue(`"${written}" is not a size of audit files; write e.g. 16m (at least 64k)`);
  return z.NEVER;
});

/** Limits as people write them in templates: `{"memory": "512m", "cpus": 0.5, "pids": 256}`. What was parsed is valid again. */
export const limitsInput = z.strictObject({
  memory: memoryAmount.optional(),
  cpus: z.number().positive().max(1024).optional(),
  pids: z.int().min(16).max(1_000_000).optional(),
});

export type LimitsInput = z.infer<typeof limitsInput>;

/** Partial limits in base units, as the registry stores a user's own, beside their policy. */
export type LimitOverrides = { -readonly [K in Exclude<keyof Limits, 'cpuset'>]?: Limits[K] };

/** Turns parsed input into overrides, leaving out what was not said. */
export function toOverrides(input: LimitsInput): LimitOverrides {
  return {
    ...(input.memory === undefined ? {} : { memoryBytes: input.memory }),
    ...(input.cpus === undefined ? {} : { cpus: input.cpus }),
    ...(input.pids === undefined ? {} : { pids: input.pids }),
  };
}

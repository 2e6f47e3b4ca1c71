import * as z from 'zod';

const highest = 1023;

/**
 * Processors as cpuset(7) lists them: `0-3,6`, counted from 0. Parsed, it ascends and names each once, so that two
 * lists of the same processors are the same text.
 */
export const cpusetText = z.string().transform(toCpuset);

/** The same, or the number of one processor, which YAML doesn't take for a text. */
export const cpusetValue = z.union([z.string(), z.number()]).transform(toCpuset);

function toCpuset(written: string | number, issue: z.RefinementCtx): string {
  const ranges = String(written).split(',').map(toRange);
  if (ranges.every((range) => range !== undefined)) return formatCpuset(ranges.flat());
  issue.addIssue(`"${written}" is not a list of processors; write e.g. 0-3 or 2,6 (from 0 on)`);
  return z.NEVER;
}

/** The processors of a parsed list. */
function processorsOf(cpuset: string): readonly number[] {
  return cpuset.split(',').flatMap((range) => toRange(range) ?? []);
}

/** How many there are in a parsed list. */
export function countOf(cpuset: string): number {
  return processorsOf(cpuset).length;
}

/** All processors of a machine that has so many. */
export function cpusetOfAll(count: number): string {
  return formatCpuset(Array(count).keys());
}

export function formatCpuset(processors: Iterable<number>): string {
  const ascending = [...new Set(processors)].toSorted((one, other) => one - other);
  const firsts = ascending.filter((one, index) => ascending[index - 1] !== one - 1);
  const lasts = ascending.filter((one, index) => ascending[index + 1] !== one + 1);
  return firsts.map((first, at) => (first === lasts[at] ? first : `${first}-${lasts[at]}`)).join();
}

export function isCpusetWithin(cpuset: string, other: string): boolean {
  return processorsOf(cpuset).every((one) => processorsOf(other).includes(one));
}

/** What of a list is within another one; where that is nothing, the other one. */
export function cpusetWithin(cpuset: string, other: string): string {
  const common = processorsOf(cpuset).filter((one) => processorsOf(other).includes(one));
  return common.length === 0 ? other : formatCpuset(common);
}

function toRange(written: string): readonly number[] | undefined {
  const [, first, last = first] = /^(\d{1,4})(?:-(\d{1,4}))?$/.exec(written) ?? [];
  const [from, to] = [Number(first), Number(last)];
  if (!(from <= to && to <= highest)) return undefined;
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}

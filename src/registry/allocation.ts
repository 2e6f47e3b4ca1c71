import { formatCidr, parseCidr } from './cidr.ts';

/** Whole numbers from `first` to `last`, both included. */
export interface Interval {
  readonly first: number;
  readonly last: number;
}

export interface PortBlock {
  readonly start: number;
  readonly end: number;
}

interface PortBlockQuestion {
  readonly range: PortBlock;
  /** Ports per block. */
  readonly size: number;
  /** Blocks in use or quarantined, of any size. */
  readonly taken: readonly PortBlock[];
  /** Where to begin, as any whole number; wraps around. */
  readonly offset: number;
  readonly isPortFree: (port: number) => boolean;
}

/** The first block that overlaps none and has a free port; undefined when there is none. */
export function allocatePortBlock(question: PortBlockQuestion): PortBlock | undefined {
  const { range, size, taken, offset, isPortFree } = question;
  const startOf = (slot: number): number => range.start + slot * size;
  const slot = firstFreeSlot({
    count: Math.floor((range.end - range.start + 1) / size),
    taken: taken.map((block) => ({
      first: Math.floor((block.start - range.start) / size),
      last: Math.floor((block.end - range.start) / size),
    })),
    offset,
    accept: (candidate) =>
      firstPort({ start: startOf(candidate), end: startOf(candidate) + size - 1 }, isPortFree) !==
      undefined,
  });
  if (slot === undefined) return undefined;
  return { start: startOf(slot), end: startOf(slot) + size - 1 };
}

/** Whether a block lies in the range and overlaps none that is taken. */
export function isBlockFree(
  block: PortBlock,
  { range, taken }: Pick<PortBlockQuestion, 'range' | 'taken'>,
): boolean {
  const isWithin = range.start <= block.start && block.start <= block.end && block.end <= range.end;
  return isWithin && !taken.some(({ start, end }) => start <= block.end && block.start <= end);
}

/** Whether a subnet lies in the pool and overlaps none that is taken. A default route overlaps nothing. */
export function isSubnetFree(
  subnet: string,
  { pool, taken }: Pick<SubnetQuestion, 'pool' | 'taken'>,
): boolean {
  const own = parseCidr(subnet);
  const range = parseCidr(pool);
  if (!own || !range || own.first < range.first || own.last > range.last) return false;
  return !taken
    .map((text) => parseCidr(text))
    .some(
      (other) => other && other.prefix > 0 && other.first <= own.last && own.first <= other.last,
    );
}

/** Whether a uid lies in the range and is not taken. */
export function isUidFree(
  uid: number,
  { range, taken }: Pick<UidQuestion, 'range' | 'taken'>,
): boolean {
  const isWithin = range.start <= uid && uid <= range.end;
  return isWithin && !taken.some(({ first, last }) => first <= uid && uid <= last);
}

interface PortQuestion {
  readonly block: PortBlock;
  /** Ports of the block that servers have or that are blocked. */
  readonly taken: ReadonlySet<number>;
  readonly isPortFree: (port: number) => boolean;
}

/** The lowest port of a block that no server has and nobody else holds. */
export function allocatePort({ block, taken, isPortFree }: PortQuestion): number | undefined {
  return firstPort(block, (port) => !taken.has(port) && isPortFree(port));
}

interface SubnetQuestion {
  /** CIDR to cut from. */
  readonly pool: string;
  readonly prefix: number;
  /** CIDRs in use, of any prefix. What isn't IPv4, and a default route, overlap nothing. */
  readonly taken: readonly string[];
  readonly offset: number;
}

/** The first subnet of the pool that overlaps none of the taken ones. */
export function allocateSubnet(question: SubnetQuestion): string | undefined {
  const pool = parseCidr(question.pool);
  if (pool === undefined) return undefined;
  const size = 2 ** (32 - question.prefix);
  const slot = firstFreeSlot({
    count: Math.floor((pool.last - pool.first + 1) / size),
    taken: question.taken
      .map((text) => parseCidr(text))
      .filter((range) => range !== undefined && range.prefix > 0)
      .map((range) => ({
        first: Math.floor(((range?.first ?? 0) - pool.first) / size),
        last: Math.floor(((range?.last ?? 0) - pool.first) / size),
      })),
    offset: question.offset,
  });
  return slot === undefined ? undefined : formatCidr(pool.first + slot * size, question.prefix);
}

interface UidQuestion {
  readonly range: PortBlock;
  readonly taken: readonly Interval[];
  /** Of these the host's: nobody begins there. They may be half of the range, and what follows is one uid. */
  readonly barred: readonly Interval[];
  /** Where in the rest of the range to begin, as any whole number; wraps around. */
  readonly offset: number;
}

/** The first uid of the range, from its offset on, that is not taken. */
export function allocateUid({ range, taken, barred, offset }: UidQuestion): number | undefined {
  const count = range.end - range.start + 1;
  const slots = ({ first, last }: Interval) => ({
    first: first - range.start,
    last: last - range.start,
  });
  const begin = slotOutside({ count, taken: barred.map(slots), offset });
  const slot = firstFreeSlot({ offset: begin, count, taken: taken.map(slots) });
  return slot === undefined ? undefined : range.start + slot;
}

/** Of the slots in none of the intervals the one that the offset leads to; 0 where there is none. */
function slotOutside({ count, taken, offset }: Omit<Required<SlotQuestion>, 'accept'>): number {
  const gaps: Interval[] = [];
  let from = 0;
  for (const { first, last } of [...taken, { first: count, last: count }].toSorted(byFirst)) {
    const to = Math.min(first, count) - 1;
    if (to >= from) gaps.push({ first: from, last: to });
    from = Math.max(from, last + 1);
  }
  const free = gaps.reduce((sum, { first, last }) => sum + last - first + 1, 0);
  let left = free === 0 ? 0 : offset % free;
  for (const { first, last } of gaps) {
    const length = last - first + 1;
    if (left < length) return first + left;
    left -= length;
  }
  return 0;
}

function byFirst(a: Interval, b: Interval): number {
  return a.first - b.first;
}

interface SlotQuestion {
  readonly count: number;
  /** In any order; may overlap and reach outside. */
  readonly taken: readonly Interval[];
  readonly offset?: number;
  readonly accept?: (slot: number) => boolean;
}

/** The first of `count` slots that is neither taken nor refused, from `offset` on, wrapping around. */
export function firstFreeSlot(question: SlotQuestion): number | undefined {
  const { count, offset = 0, accept = () => true } = question;
  if (count < 1) return undefined;
  const taken = question.taken.toSorted(byFirst);
  const start = offset % count;
  return (
    scan({ from: start, to: count, taken, accept }) ?? scan({ from: 0, to: start, taken, accept })
  );
}

interface Scan {
  readonly from: number;
  readonly to: number;
  /** Sorted by `first`. */
  readonly taken: readonly Interval[];
  readonly accept: (slot: number) => boolean;
}

/** One pass over slots and intervals together, so that a full range costs no more than its intervals. */
function scan({ from, to, taken, accept }: Scan): number | undefined {
  let slot = from;
  let index = 0;
  while (slot < to) {
    const next = taken[index];
    if (next !== undefined && next.first <= slot) {
      slot = Math.max(slot, next.last + 1);
      index += 1;
    } else if (accept(slot)) {
      return slot;
    } else {
      slot += 1;
    }
  }
  return undefined;
}

function firstPort(block: PortBlock, accept: (port: number) => boolean): number | undefined {
  for (let port = block.start; port <= block.end; port += 1) {
    if (accept(port)) return port;
  }
  return undefined;
}

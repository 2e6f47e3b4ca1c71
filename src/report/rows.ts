import { figuresOf } from './figures.ts';
import type { By, ReportRow } from './result.ts';
import { storageOf, type Storage } from './storage.ts';
import { emptySums, type Sums } from './sums.ts';
import type { Period } from './read.ts';
import type { Tally } from './tally.ts';

export const sortKeys = ['calls', 'errors', 'cpu', 'bytes', 'latency', 'storage'] as const;
export type SortKey = (typeof sortKeys)[number];

interface Wanted {
  readonly by: By;
  readonly sort?: SortKey | undefined;
  /** Of users, who have a row then even if they called nothing. */
  readonly storage?: Storage;
}

/** The rows of a report: days and hours in order of time unless a key is given, all others ranked. */
export function rowsOf(tally: Tally, { by, sort, storage = new Map() }: Wanted): ReportRow[] {
  const groups = new Map(groupsOf(tally, by));
  if (by === 'user') {
    for (const [name, { usedBytes }] of storage) {
      if (usedBytes !== null && !groups.has(name)) groups.set(name, emptySums());
    }
  }
  const rows = [...groups].map(([name, sums]) => ({
    ...rowOf(name, sums, by),
    ...(by === 'user' ? storageOf(storage, name) : {}),
  }));
  const isInTime = (by === 'day' || by === 'hour') && sort === undefined;
  return isInTime ? rows.toSorted(byName) : ranked(rows, sort ?? 'calls');
}

/**
 * A row for every hour or day of a period, also for those when nothing happened. In days it begins no
 * earlier than the records, since "everything" may be asked for as the last ten years.
 */
export function timeRows(
  tally: Tally,
  period: Period,
): { step: 'hour' | 'day'; times: ReportRow[] } {
  const step = period.until - period.from > mostHours ? 'day' : 'hour';
  const size = step === 'day' ? 24 : 1;
  const groups = step === 'day' ? tally.days : tally.hours;
  const times: ReportRow[] = [];
  const first = step === 'day' ? Math.min(period.until - 1, ...tally.hours.keys()) : period.from;
  const end = Math.ceil(period.until / size);
  for (let at = Math.floor(Math.max(period.from, first) / size); at < end; at += 1) {
    times.push(rowOf(timeName(step, at), groups.get(at) ?? emptySums(), step));
  }
  return { step, times };
}

const mostHours = 8 * 24;

/** The greatest first; by name where they are equal. */
function ranked(rows: readonly ReportRow[], key: SortKey): ReportRow[] {
  const valueOf = values[key];
  return rows.toSorted((a, b) => valueOf(b) - valueOf(a) || byName(a, b));
}

const values: Readonly<Record<SortKey, (row: ReportRow) => number>> = {
  calls: ({ calls }) => calls,
  errors: ({ errors }) => errors,
  cpu: ({ resources }) => resources?.cpuSeconds ?? 0,
  bytes: ({ bytesIn, bytesOut }) => bytesIn + bytesOut,
  latency: ({ latencyMs }) => latencyMs.p95 ?? -1,
  storage: ({ storageBytes }) => storageBytes ?? -1,
};

function groupsOf(tally: Tally, by: By): (readonly [string, Sums])[] {
  switch (by) {
    case 'tool':
      return [...tally.tools];
    case 'server':
      return [...tally.servers];
    case 'user':
      return [...tally.users];
    case 'day':
      return [...tally.days].map(([day, sums]) => [timeName('day', day), sums]);
    case 'hour':
      return [...tally.hours].map(([hour, sums]) => [timeName('hour', hour), sums]);
  }
}

function rowOf(name: string, sums: Sums, by: By): ReportRow {
  return { name, ...figuresOf(sums, by === 'tool' ? 'tool' : 'other') };
}

/** `2026-01-31`, `2026-01-31T12:00Z`. */
function timeName(step: 'hour' | 'day', at: number): string {
  const text = new Date(at * 3_600_000 * (step === 'day' ? 24 : 1)).toISOString();
  return step === 'day' ? text.slice(0, 10) : `${text.slice(0, 16)}Z`;
}

function byName(a: ReportRow, b: ReportRow): number {
  return a.name < b.name ? -1 : Number(a.name > b.name);
}

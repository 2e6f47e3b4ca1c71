import { statSync } from 'node:fs';
import { join } from 'node:path';
import { addCounters, decodeUsage, emptyCounters } from '../records/usage.ts';
import type { Counters, UsageHour } from '../records/usage.ts';
import { LineReader } from '../report/lines.ts';
import { currentLine } from '../report/read.ts';

/** Everything a server did since its records begin. */
export interface ServerUsage {
  /** By tool as `tools/call:NAME`, or by method; those beyond the first `mostNames` together as `other`. */
  readonly counters: ReadonlyMap<string, Counters>;
  readonly cpuSeconds: number;
  readonly oomKills: number;
  readonly restarts: number;
}

/**
 * How many names of one server are told apart. The first ones that were seen, not the most called: a
 * name that moved into or out of `other` would make a counter go back.
 */
const mostNames = 30;

/** Adds up whole histories, and from then on reads only what was added to the files. */
export class UsageHistory {
  readonly #lines = new LineReader();
  readonly #known = new Map<string, Known>();

  /** `id` is the server's, `folder` its log folder. */
  read(id: string, folder: string): ServerUsage {
    const path = join(folder, 'usage.jsonl');
    // Before the lines: what is in neither would be lost, what is in both is seen.
    const current = decodeUsage(currentLine(folder) ?? '');
    const file = statSync(path, { throwIfNoEntry: false });
    const known = this.#known.get(id) ?? new Known();
    this.#known.set(id, known);
    known.lookAt(file?.ino);
    known.end = this.#lines.read(
      path,
      (buffer, start, end) => known.add(decodeUsage(buffer.toString('utf8', start, end))),
      known.end,
    );
    return known.with(current);
  }
}

class Known {
  /** Up to which byte the file was read. */
  end = 0;
  #inode: number | undefined;
  #lastHour = -1;
  readonly #sum = emptySum();

  /** A bridge replaces a file that grew too long by its later half, so it is read again, past what is known. */
  lookAt(inode: number | undefined): void {
    if (inode !== this.#inode) this.end = 0;
    this.#inode = inode;
  }

  add(usage: UsageHour | undefined): void {
    if (usage === undefined || usage.hour <= this.#lastHour) return;
    this.#lastHour = usage.hour;
    addHour(this.#sum, usage);
  }

  /** The sum with the hour under way, unless that has become a line. */
  with(current: UsageHour | undefined): ServerUsage {
    if (current === undefined || current.hour <= this.#lastHour) return this.#sum;
    const sum = { ...this.#sum, counters: new Map<string, Counters>() };
    for (const [name, one] of this.#sum.counters) addNamed(sum.counters, name, one);
    addHour(sum, current);
    return sum;
  }
}

interface Sum {
  readonly counters: Map<string, Counters>;
  cpuSeconds: number;
  oomKills: number;
  restarts: number;
}

function emptySum(): Sum {
  return { counters: new Map(), cpuSeconds: 0, oomKills: 0, restarts: 0 };
}

function addHour(sum: Sum, usage: UsageHour): void {
  for (const [name, one] of usage.counters) addNamed(sum.counters, name, one);
  sum.cpuSeconds += usage.cpuSeconds;
  sum.oomKills += usage.oomKills;
  sum.restarts += usage.restarts;
}

function addNamed(counters: Map<string, Counters>, name: string, more: Counters): void {
  const known = counters.has(name) || counters.size < mostNames ? name : 'other';
  const sum = counters.get(known) ?? emptyCounters();
  counters.set(known, sum);
  addCounters(sum, more);
}

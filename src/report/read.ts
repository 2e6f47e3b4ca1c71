import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeUsage, decodeUsageSum, type UsageSum } from '../records/usage.ts';
import { LineReader } from './lines.ts';
import { SumScanner } from './scan.ts';
import type { Tally } from './tally.ts';

/** Whole hours since the epoch. */
export interface Period {
  readonly from: number;
  /** The first that is not in it any more. */
  readonly until: number;
}

export interface Wanted {
  readonly period: Period;
  /** False: only sums are read, which takes a fraction of the time. */
  readonly tools: boolean;
}

/** Reads what one server after another has recorded, and adds it to a tally. */
export class UsageReader {
  readonly #lines = new LineReader();
  readonly #scanner = new SumScanner();
  readonly #tally: Tally;
  readonly #wanted: Wanted;

  constructor(tally: Tally, wanted: Wanted) {
    this.#tally = tally;
    this.#wanted = wanted;
  }

  /** `folder` is the server's log folder, `key` its `user/server`. */
  read(key: string, folder: string): void {
    const path = join(folder, 'usage.jsonl');
    const { from } = this.#wanted.period;
    // Before the lines: what is in neither would be lost, what is in both is seen.
    const now = currentLine(folder);
    let last = -1;
    this.#lines.readWanted(
      path,
      (line) => (sumOf(line)?.hour ?? from) >= from,
      (buffer, begin, end) => {
        const usage =
          this.#scanner.scan(buffer, begin, end) ?? sumOf(buffer.toString('utf8', begin, end));
        if (usage === undefined) return;
        last = usage.hour;
        this.#add(key, usage, () => buffer.toString('utf8', begin, end));
      },
    );
    const usage = now === undefined ? undefined : sumOf(now);
    // The hour under way becomes a line first, and the file of the next one then.
    if (now !== undefined && usage && usage.hour > last) this.#add(key, usage, () => now);
  }

  #add(key: string, usage: UsageSum, line: () => string): void {
    const { period, tools } = this.#wanted;
    if (usage.hour < period.from || usage.hour >= period.until) return;
    this.#tally.add(key, usage);
    const hour = tools ? decodeUsage(line()) : undefined;
    if (hour) this.#tally.addTools(hour);
  }
}

/** The text of a server's hour under way; undefined when there is none. */
export function currentLine(folder: string): string | undefined {
  try {
    return readFileSync(join(folder, 'usage.now'), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function sumOf(line: string): UsageSum | undefined {
  return decodeUsageSum(line.slice(0, line.indexOf(']')));
}

import type { Clock } from '../../clock.ts';
import { hostSubject, hourOf, type AuditRecord } from '../../records/audit-line.ts';
import { genesis } from '../../records/chain.ts';
import { count, emptyHour } from '../../records/count.ts';
import type { UsageHour } from '../../records/usage.ts';
import type { Log } from '../log.ts';
import type { ContainerFigures } from './container.ts';
import { recordsAfter } from './replay-audit.ts';
import { appendPast, readUsage, writeNow } from './usage-files.ts';

interface MeterOptions {
  readonly folder: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly readContainer: () => ContainerFigures;
}

const hourMs = 3_600_000;
/** How often the kernel's counters are read, and how often a quiet hour is written, in ms. */
const sampleMs = 10_000;
const quietMs = 60_000;

/**
 * What the server does, by the hour: counted as the audit is written, so that the sums agree. What was
 * counted in the second before a kill is counted again from the audit at the next start.
 */
export class Meter {
  readonly #options: MeterOptions;
  #usage: UsageHour;
  /** Hash of the last audit line that is counted. */
  #audit: string;
  #isChanged = false;
  #sampledAt = 0;
  #writtenAt = 0;
  /** The container's counters when they were last read: it started with zeros. */
  #before: ContainerFigures = nothing;

  constructor(options: MeterOptions) {
    this.#options = options;
    const found = readUsage(options.folder);
    this.#usage = found?.usage ?? emptyHour(Math.floor(options.clock.now() / hourMs));
    this.#audit = found?.audit ?? genesis;
    if (found?.isPast) this.#usage = emptyHour(found.usage.hour + 1);
    const missed = recordsAfter(options.folder, this.#audit);
    const [first] = missed;
    if (!found && first) this.#usage = emptyHour(hourOf(first.record));
    for (const { record, hash } of missed) this.written(record, hash);
  }

  /** Counts a record that the audit now has, in the line with that hash. */
  written(record: AuditRecord, hash: string): void {
    this.#count(record);
    this.#audit = hash;
  }

  restarted(): void {
    this.#usage.restarts += 1;
    this.#isChanged = true;
  }

  sweep(): void {
    const now = this.#options.clock.now();
    if (now - this.#sampledAt >= sampleMs) this.#sample(now);
    this.#turnTo(Math.floor(now / hourMs));
    if (this.#isChanged || now - this.#writtenAt >= quietMs) this.#write();
  }

  close(): void {
    this.#sample(this.#options.clock.now());
    this.#write();
  }

  #count(record: AuditRecord): void {
    this.#turnTo(hourOf(record));
    if (record.token.subject === hostSubject) return;
    count(this.#usage, record);
    this.#isChanged = true;
  }

  /** An hour ends; a clock that goes back does not begin one again. */
  #turnTo(hour: number): void {
    if (hour <= this.#usage.hour) return;
    const ended = this.#usage;
    this.#usage = emptyHour(hour);
    this.#attempt((folder) => {
      // Both files say the same before the next hour begins, so that a kill in between loses and doubles nothing.
      writeNow(folder, ended, this.#audit);
      if (!isIdle(ended)) appendPast(folder, ended);
      writeNow(folder, this.#usage, this.#audit);
    });
  }

  #sample(now: number): void {
    this.#sampledAt = now;
    const figures = this.#options.readContainer();
    const { cpuSeconds, memoryBytes, memoryPeakBytes, oomKills } = figures;
    const usage = this.#usage;
    const grown = (key: keyof ContainerFigures): number =>
      Math.max(0, figures[key] - this.#before[key]);
    if (grown('oomKills') > 0) this.#isChanged = true;
    usage.cpuSeconds = round(usage.cpuSeconds + (cpuSeconds > 0 ? grown('cpuSeconds') : 0));
    usage.oomKills += oomKills > 0 ? grown('oomKills') : 0;
    const peak = grown('memoryPeakBytes') > 0 ? memoryPeakBytes : 0;
    usage.memoryPeakBytes = Math.max(usage.memoryPeakBytes, memoryBytes, peak);
    this.#before = figures;
  }

  #write(): void {
    this.#writtenAt = this.#options.clock.now();
    this.#attempt((folder) => {
      writeNow(folder, this.#usage, this.#audit);
      this.#isChanged = false;
    });
  }

  /** A full disk stops no request for the sake of a sum: the audit has it all. */
  #attempt(write: (folder: string) => void): void {
    try {
      write(this.#options.folder);
    } catch {
      this.#options.log('usage: cannot be written');
    }
  }
}

const nothing: ContainerFigures = {
  cpuSeconds: 0,
  memoryBytes: 0,
  memoryPeakBytes: 0,
  oomKills: 0,
};

function isIdle({ counters, cpuSeconds, restarts }: UsageHour): boolean {
  return counters.size === 0 && cpuSeconds === 0 && restarts === 0;
}

function round(seconds: number): number {
  return Math.round(seconds * 1e3) / 1e3;
}

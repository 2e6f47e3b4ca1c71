import { closeSync, fstatSync, ftruncateSync, openSync, readdirSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../../clock.ts';
import type { AuditRecord } from '../../records/audit-line.ts';
import { genesis, linksOf, seal } from '../../records/chain.ts';
import { auditFiles, currentFile } from '../../records/files.ts';
import { hash } from '../builtins.ts';
import type { AuditBounds } from '../config.ts';
import type { AuditEntry } from './draft.ts';
import type { Log } from '../log.ts';
import { firstTime, lastLine, mendEnd } from '../../records/last-line.ts';
import { prune, rotate } from './rotation.ts';

interface LedgerOptions {
  readonly folder: string;
  readonly bounds: AuditBounds;
  readonly clock: Clock;
  readonly log: Log;
  /** Told of each record once it is in the file, with the hash of its line. */
  readonly onWritten: (record: AuditRecord, hash: string) => void;
}

/** Records that wait for room on the disk. */
const waitingAtMost = 256;

export const digest = (text: string): string => hash('sha256', text, 'base64url');

/**
 * The audit of one server: a chain of lines, appended to one file that is renamed when it is large or old.
 * A line is with the system when `append` returns, so that only a crash of the machine can lose it. Where
 * it can't be written, some lines wait; when as many wait as may, `isFull` says that nothing more must be done.
 */
export class Ledger {
  readonly #options: LedgerOptions;
  #fd: number | undefined;
  #size = 0;
  /** When the file's first line was written, in ms; undefined while it is empty. */
  #since: number | undefined;
  #last: string;
  /** What the log has been told of: 0 nothing, 1 that lines wait, 2 that nothing more is done. */
  #told = 0;
  #waiting: { record: AuditRecord; line: string; hash: string }[] = [];

  /** Throws when the folder can't be written. */
  constructor(options: LedgerOptions) {
    this.#options = options;
    const file = join(options.folder, currentFile);
    this.#open();
    mendEnd(file, (line) => linksOf(line) !== undefined);
    this.#size = fstatSync(this.#fd ?? -1).size;
    this.#since = firstTime(file);
    this.#last = lastHash(options.folder);
  }

  get isFull(): boolean {
    return this.#waiting.length >= waitingAtMost;
  }

  append(entries: readonly AuditEntry[]): void {
    for (const { record, text } of entries) {
      const { line, hash: own } = seal(text, this.#last, digest);
      this.#last = own;
      this.#waiting.push({ record, line: `${line}\n`, hash: own });
    }
    this.#flush();
  }

  /** Tries again what could not be written. */
  sweep(): void {
    if (this.#waiting.length > 0) this.#flush();
  }

  close(): void {
    this.sweep();
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }

  #flush(): void {
    const { bounds, clock, log, onWritten } = this.#options;
    const bytes = Buffer.from(this.#waiting.map(({ line }) => line).join(''));
    try {
      const isLarge = this.#size > 0 && this.#size + bytes.length > bounds.fileBytes;
      const isOld = this.#since !== undefined && clock.now() - this.#since >= bounds.fileMs;
      if (isLarge || isOld) this.#rotate();
      this.#write(this.#fd ?? this.#open(), bytes);
    } catch (error) {
      this.#tell(`cannot be written (${codeOf(error)})`);
      return;
    }
    this.#since ??= clock.now();
    if (this.#told > 0) log('audit: is written again');
    this.#told = 0;
    for (const { record, hash: own } of this.#waiting.splice(0)) onWritten(record, own);
  }

  #tell(text: string): void {
    const level = this.isFull ? 2 : 1;
    if (level <= this.#told) return;
    this.#told = level;
    this.#options.log(`audit: ${text}${this.isFull ? ', so requests are refused' : ''}`);
  }

  #write(fd: number, bytes: Buffer): void {
    let done = 0;
    try {
      while (done < bytes.length) done += writeSync(fd, bytes, done);
    } catch (error) {
      // Part of a line would break the chain.
      if (done > 0) ftruncateSync(fd, this.#size);
      throw error;
    }
    this.#size += bytes.length;
  }

  #rotate(): void {
    const { folder, bounds, log } = this.#options;
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
    if (this.#since !== undefined) rotate(folder, this.#since);
    this.#size = 0;
    this.#since = undefined;
    try {
      prune(folder, bounds);
    } catch (error) {
      // What is too much must not keep from writing what is new.
      log(`audit: an old file cannot be removed (${codeOf(error)})`);
    }
  }

  #open(): number {
    return (this.#fd = openSync(join(this.#options.folder, currentFile), 'a', 0o600));
  }
}

/** Of the newest line there is. What stands behind it and is no line stays there, for `verify` to find. */
function lastHash(folder: string): string {
  for (const name of auditFiles(readdirSync(folder)).toReversed()) {
    const links = linksOf(lastLine(join(folder, name)) ?? '');
    if (links) return links.hash;
  }
  return genesis;
}

function codeOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : 'unknown error';
}

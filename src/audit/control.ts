import { hash } from 'node:crypto';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import { firstTime, lastLine, mendEnd } from '../records/last-line.ts';
import { genesis, linksOf, seal } from '../records/chain.ts';
import type { Registry } from '../registry/database.ts';
import { bounded } from './bounded.ts';
import { changesSince, forgetBegun, listKilled, type BegunCommand, type Probe } from './begun.ts';
import { controlFile, controlFiles } from './control-files.ts';
import type { ControlLine } from './result.ts';

export type ControlRecord = Omit<ControlLine, 'previous' | 'hash'>;

const fileBytes = 2 ** 24;

/** Appends the record of a command that ended. The registry's write lock keeps two from continuing one line. */
export function recordCommand(registry: Registry, record: ControlRecord): void {
  registry.transaction(() => {
    append(registry.home.audit, record);
    forgetBegun(registry, record.id);
  });
}

/** Appends the records of commands that were killed. */
export function recordKilled(registry: Registry, isAlive: Probe): void {
  // Looking first keeps every command from waiting for the write lock.
  if (listKilled(registry, isAlive).length === 0) return;
  registry.transaction(() => {
    for (const killed of listKilled(registry, isAlive)) {
      // One that was killed behind its last word has a record already.
      if (!hasRecord(registry.home.audit, killed))
        append(registry.home.audit, unfinished(registry, killed));
      forgetBegun(registry, killed.id);
    }
  });
}

/** The record of a command that was killed, with what it had changed by then. */
export function unfinished(registry: Registry, killed: BegunCommand): ControlRecord {
  const { id, since, actor, command, object } = killed;
  return {
    time: new Date(registry.clock.now()).toISOString(),
    id,
    began: new Date(since).toISOString(),
    actor,
    command,
    object,
    outcome: 'unfinished',
    code: null,
    changed: null,
    changes: bounded(changesSince(registry, killed)),
  };
}

function append(folder: string, record: ControlRecord): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, controlFile);
  if (existsSync(file)) mendEnd(file, (line) => linksOf(line) !== undefined);
  const { line } = seal(JSON.stringify(record).slice(0, -1), lastHash(folder), digest);
  if (existsSync(file) && statSync(file).size >= fileBytes)
    renameSync(file, rotatedFile(folder, record));
  appendFileSync(file, `${line}\n`, { mode: 0o600, flush: true });
}

/** Newest first, back to the file that was begun before the command was. */
function hasRecord(folder: string, { id, since }: BegunCommand): boolean {
  const names = existsSync(folder) ? controlFiles(readdirSync(folder)) : [];
  for (const name of names.toReversed()) {
    const file = join(folder, name);
    if (readFileSync(file).includes(`"id":"${id}"`)) return true;
    const first = firstTime(file);
    if (first !== undefined && first < since) return false;
  }
  return false;
}

function lastHash(folder: string): string {
  for (const name of controlFiles(readdirSync(folder)).toReversed()) {
    const links = linksOf(lastLine(join(folder, name)) ?? '');
    if (links) return links.hash;
  }
  return genesis;
}

/** Named by the time of the record that comes next. */
function rotatedFile(folder: string, { time }: ControlRecord): string {
  return join(folder, `control-${time.replaceAll(/[:.]/g, '-')}.jsonl`);
}

const digest = (text: string): string => hash('sha256', text, 'base64url');

import { hash } from 'node:crypto';
import { appendFileSync, existsSync, mkdirSync, readdirSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { lastLine, mendEnd } from '../records/last-line.ts';
import { genesis, linksOf, seal } from '../records/chain.ts';
import type { Registry } from '../registry/database.ts';
import { controlFile, controlFiles } from './control-files.ts';
import type { ControlLine } from './result.ts';

export type ControlRecord = Omit<ControlLine, 'previous' | 'hash'>;

const fileBytes = 2 ** 24;

/** Appends one record of a command. The registry's write lock keeps two commands from continuing one line. */
export function recordCommand(registry: Registry, record: ControlRecord): void {
  const folder = registry.home.audit;
  registry.transaction(() => {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const file = join(folder, controlFile);
    if (existsSync(file)) mendEnd(file, (line) => linksOf(line) !== undefined);
    const { line } = seal(record, lastHash(folder), digest);
    if (existsSync(file) && statSync(file).size >= fileBytes)
      renameSync(file, rotatedFile(folder, record));
    appendFileSync(file, `${line}\n`, { mode: 0o600, flush: true });
  });
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

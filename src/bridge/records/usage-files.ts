import { appendFileSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fieldOf, parseJson } from '../../mcp/body.ts';
import { genesis } from '../../records/chain.ts';
import { decodeUsage, encodeUsage, type UsageHour } from '../../records/usage.ts';
import { lastLine, mendEnd } from '../../records/last-line.ts';

/** Hours that are over, a line each. */
const pastFile = 'usage.jsonl';
/** The hour under way, and behind it the hash of the last audit line in it: `{"audit": hash}`. */
const nowFile = 'usage.now';

/** Years of a quiet server, months of a busy one. */
const pastBytes = 2 ** 23;

export interface UsageState {
  readonly usage: UsageHour;
  /** Hash of the last audit line that is counted. */
  readonly audit: string;
  /** It is in `usage.jsonl` already. */
  readonly isPast: boolean;
}

export function readUsage(folder: string): UsageState | undefined {
  const text = readOr(join(folder, nowFile), '');
  const usage = decodeUsage(text);
  if (!usage) return undefined;
  const hash = fieldOf(parseJson(Buffer.from(text.split('\n')[1] ?? '')), 'audit');
  const past = decodeUsage(lastPast(folder) ?? '');
  return {
    usage,
    audit: typeof hash === 'string' ? hash : genesis,
    isPast: past !== undefined && past.hour >= usage.hour,
  };
}

/** Replaces the file as a whole. */
export function writeNow(folder: string, usage: UsageHour, audit: string): void {
  const file = join(folder, nowFile);
  const text = `${encodeUsage(usage)}\n${JSON.stringify({ audit })}\n`;
  writeFileSync(`${file}.new`, text, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

export function appendPast(folder: string, usage: UsageHour): void {
  const file = join(folder, pastFile);
  appendFileSync(file, `${encodeUsage(usage)}\n`, { mode: 0o600 });
  if (statSync(file).size <= pastBytes) return;
  const lines = readFileSync(file, 'utf8').split('\n');
  writeFileSync(`${file}.new`, lines.slice(Math.floor(lines.length / 2)).join('\n'), {
    mode: 0o600,
  });
  renameSync(`${file}.new`, file);
}

function lastPast(folder: string): string | undefined {
  const file = join(folder, pastFile);
  try {
    mendEnd(file, (line) => decodeUsage(line) !== undefined);
    return lastLine(file);
  } catch {
    return undefined;
  }
}

function readOr(file: string, otherwise: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return otherwise;
  }
}

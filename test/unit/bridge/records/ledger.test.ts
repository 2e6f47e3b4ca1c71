import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { AuditEntry } from '../../../../src/bridge/records/draft.ts';
import { digest, Ledger } from '../../../../src/bridge/records/ledger.ts';
import type { AuditRecord } from '../../../../src/records/audit-line.ts';
import { genesis, isIntact, linksOf } from '../../../../src/records/chain.ts';
import { auditFiles } from '../../../../src/records/files.ts';

const bounds = { fileBytes: 2 ** 20, fileMs: 86_400_000, files: 4, totalBytes: 2 ** 24 };

function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'ledger-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

function open(folder: string, given: Partial<typeof bounds> = {}, now = () => 1e12): Ledger {
  return new Ledger({
    folder,
    bounds: { ...bounds, ...given },
    clock: { now },
    log: () => undefined,
    onWritten: () => undefined,
  });
}

function entry(method: string, at = 1e12): AuditEntry {
  const record: AuditRecord = {
    time: new Date(at).toISOString(),
    requestId: 'r',
    user: 'bob',
    server: 's',
    token: { id: 't', subject: 'bob' },
    session: null,
    method,
    target: null,
    shape: null,
    outcome: 'ok',
    code: null,
    ms: 1,
    bytesIn: 1,
    bytesOut: 1,
  };
  return { record, text: JSON.stringify(record).slice(0, -1) };
}

/** All lines, oldest first. */
function lines(folder: string): string[] {
  return auditFiles(readdirSync(folder)).flatMap((name) =>
    readFileSync(join(folder, name), 'utf8').trimEnd().split('\n'),
  );
}

function expectChain(all: readonly string[], first = genesis): void {
  let previous = first;
  for (const line of all) {
    expect(isIntact(line, digest)).toBe(true);
    expect(linksOf(line)?.previous).toBe(previous);
    previous = linksOf(line)?.hash ?? '';
  }
}

test('each line names the one before it, over restarts and files', () => {
  const folder = makeFolder();
  for (let run = 0; run < 3; run += 1) {
    const ledger = open(folder, { fileBytes: 900 });
    for (let n = 0; n < 4; n += 1) ledger.append([entry(`m${run}.${n}`)]);
    ledger.close();
  }
  const all = lines(folder);
  expect(all.length).toBeGreaterThan(4);
  expectChain(all, linksOf(all[0] ?? '')?.previous);
});

test('a file that is a day old is followed by a new one, and only the owner reads either', () => {
  const folder = makeFolder();
  let now = 1e12;
  const ledger = open(folder, {}, () => now);
  ledger.append([entry('a')]);
  now += bounds.fileMs;
  ledger.append([entry('b', now)]);
  ledger.close();
  const names = auditFiles(readdirSync(folder));
  expect(names).toEqual(['audit-2001-09-09T01-46-40-000Z.jsonl', 'audit.jsonl']);
  for (const name of names) expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
  expectChain(lines(folder));
});

test('no more files are kept than may be', () => {
  const folder = makeFolder();
  const ledger = open(folder, { fileBytes: 400, files: 3 });
  for (let n = 0; n < 20; n += 1) ledger.append([entry(`m${n}`)]);
  ledger.close();
  expect(auditFiles(readdirSync(folder))).toHaveLength(4);
});

test('an old file that can’t be removed does not stop the audit, and the log says so', () => {
  const folder = makeFolder();
  const told: string[] = [];
  const ledger = new Ledger({
    folder,
    bounds: { ...bounds, fileBytes: 400, files: 1 },
    clock: { now: () => 1e12 },
    log: (line) => void told.push(line),
    onWritten: () => undefined,
  });
  mkdirSync(join(folder, 'audit-2000-01-01T00-00-00-000Z.jsonl'));
  for (let n = 0; n < 6; n += 1) ledger.append([entry(`m${n}`)]);
  ledger.close();
  const [, ...names] = auditFiles(readdirSync(folder));
  expect(names).toHaveLength(2);
  const kept = names.map((name) => readFileSync(join(folder, name), 'utf8')).join('');
  expect(kept).toContain('"method":"m5"');
  expect(new Set(told)).toEqual(new Set(['audit: an old file cannot be removed (ERR_FS_EISDIR)']));
});

test('a line that a crash tore is cut off, and the chain goes on', () => {
  const folder = makeFolder();
  const file = join(folder, 'audit.jsonl');
  open(folder).append([entry('a'), entry('b')]);
  const whole = statSync(file).size;
  appendFileSync(file, '{"time":"2001-09-09T01:46:40.000Z","requ');
  open(folder).append([entry('c')]);
  expect(lines(folder)).toHaveLength(3);
  expectChain(lines(folder));
  // Only the newline is missing.
  truncateSync(file, whole - 1);
  open(folder).append([entry('d')]);
  expect(lines(folder)).toHaveLength(3);
  expectChain(lines(folder));
});

test('on a full disk lines wait, as many as may, and are written in order when there is room', () => {
  const folder = makeFolder();
  symlinkSync('/dev/full', join(folder, 'audit.jsonl'));
  // It reads as zeros, as a file of an unknown age: when that is too old, there is a new one.
  let now = 1_000;
  const told: string[] = [];
  const written: string[] = [];
  const ledger = new Ledger({
    folder,
    bounds,
    clock: { now: () => now },
    log: (line) => void told.push(line),
    onWritten: ({ method }) => void written.push(method),
  });
  for (let n = 0; n < 255; n += 1) ledger.append([entry(`m${n}`)]);
  expect(ledger.isFull).toBe(false);
  ledger.append([entry('last')]);
  expect(ledger.isFull).toBe(true);
  expect(written).toEqual([]);
  expect(told).toEqual([
    'audit: cannot be written (ENOSPC)',
    'audit: cannot be written (ENOSPC), so requests are refused',
  ]);
  now += bounds.fileMs;
  ledger.sweep();
  expect(written).toHaveLength(256);
  expect(written.at(-1)).toBe('last');
  expect(ledger.isFull).toBe(false);
  expectChain(readFileSync(join(folder, 'audit.jsonl'), 'utf8').trimEnd().split('\n'));
});

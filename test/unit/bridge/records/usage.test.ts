import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { readContainer, type ContainerFigures } from '../../../../src/bridge/records/container.ts';
import { openJournal, type Journal } from '../../../../src/bridge/records/journal.ts';
import { parseBody } from '../../../../src/mcp/body.ts';
import { hourOf, type AuditLine } from '../../../../src/records/audit-line.ts';
import { count, emptyHour } from '../../../../src/records/count.ts';
import { auditFiles } from '../../../../src/records/files.ts';
import { decodeUsage, encodeUsage, type UsageHour } from '../../../../src/records/usage.ts';
import { bridgeConfig } from '../../../support/bridge-config.ts';
import { generateKeyPairSync } from 'node:crypto';

const idle = { cpuSeconds: 0, memoryBytes: 0, memoryPeakBytes: 0, oomKills: 0 };
const key = generateKeyPairSync('ed25519').publicKey;
const principal = { subject: 'bob', tokenId: 't', scopes: new Set<string>(), expiresAt: 0 };
const answer = Buffer.from('{"jsonrpc":"2.0","id":1,"result":{}}');

function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'usage-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

interface World {
  readonly folder: string;
  readonly now: () => number;
  readonly figures?: () => ContainerFigures;
}

function open({ folder, now, figures = () => idle }: World): Journal {
  const audit = { fileBytes: 2_000, fileMs: 86_400_000, files: 1_000, totalBytes: 2 ** 30 };
  const config = { ...bridgeConfig({ port: 1, key, server: { argv: [] } }), audit };
  return openJournal({
    folder,
    readContainer: figures,
    config,
    clock: { now },
    log: (line) => expect(line).toBe(''),
  });
}

function lines(folder: string): AuditLine[] {
  return auditFiles(readdirSync(folder))
    .flatMap((name) => readFileSync(join(folder, name), 'utf8').split('\n'))
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as AuditLine);
}

/** The hours that the files of usage hold. */
function hours(folder: string): UsageHour[] {
  const past = readdirSync(folder).includes('usage.jsonl')
    ? readFileSync(join(folder, 'usage.jsonl'), 'utf8').trimEnd().split('\n')
    : [];
  const now = readFileSync(join(folder, 'usage.now'), 'utf8');
  return [...past, now].flatMap((text) => decodeUsage(text) ?? []);
}

function rows(all: Iterable<UsageHour>): string[] {
  return [...all]
    .filter(({ counters }) => counters.size > 0)
    .map((one) => {
      const [hour, , , , , ...counters] = JSON.parse(encodeUsage(one)) as unknown[];
      return JSON.stringify([hour, ...counters.toSorted()]);
    });
}

test('the roll-ups equal the sum of the audit, whenever the bridge is killed', () => {
  // Names of tools that are called, and what else happens.
  const step = fc.constantFrom('a', 'b', 'c', 'sweep', 'kill', 'hour');
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const folder = makeFolder();
      let now = 1e12;
      let journal = open({ folder, now: () => now });
      for (const one of steps) {
        now += 7;
        if (one === 'sweep') journal.sweep();
        else if (one === 'hour') now += 3_600_000;
        else if (one === 'kill') journal = open({ folder, now: () => now });
        else {
          const trail = journal.begin(principal);
          const params = { name: one };
          const message = { jsonrpc: '2.0', id: 1, method: 'tools/call', params };
          const parsed = parseBody(Buffer.from(JSON.stringify(message)));
          if ('messages' in parsed) trail.asked(parsed.messages);
          now += 3;
          trail.answered(answer);
        }
      }
      journal.close();
      const sums = new Map<number, UsageHour>();
      for (const line of lines(folder)) {
        const hour = hourOf(line);
        const sum = sums.get(hour) ?? emptyHour(hour);
        sums.set(hour, sum);
        count(sum, line);
      }
      expect(rows(hours(folder))).toEqual(rows(sums.values()));
    }),
    { numRuns: 100 },
  );
});

test('an hour that was written as over just before a kill is not written twice', () => {
  const folder = makeFolder();
  let now = 1e12;
  const journal = open({ folder, now: () => now });
  journal.begin(principal).answered(answer);
  journal.sweep();
  const before = readFileSync(join(folder, 'usage.now'));
  now += 3_600_000;
  journal.sweep();
  // The kill came between the two files.
  writeFileSync(join(folder, 'usage.now'), before);
  open({ folder, now: () => now }).close();
  expect(hours(folder).filter(({ counters }) => counters.size > 0)).toHaveLength(1);
});

test('an hour has what the container used in it, and ends that nobody asked for', () => {
  const folder = makeFolder();
  let now = 1e12;
  let figures = { cpuSeconds: 2, memoryBytes: 50, memoryPeakBytes: 90, oomKills: 0 };
  const journal = open({ folder, now: () => now, figures: () => figures });
  journal.restarted();
  journal.sweep();
  now += 3_600_000;
  journal.sweep();
  figures = { cpuSeconds: 5, memoryBytes: 60, memoryPeakBytes: 90, oomKills: 1 };
  journal.close();
  const told = hours(folder).map(({ cpuSeconds, memoryPeakBytes, oomKills, restarts }) => [
    cpuSeconds,
    memoryPeakBytes,
    oomKills,
    restarts,
  ]);
  expect(told).toEqual([
    [2, 90, 0, 1],
    [3, 60, 1, 0],
  ]);
});

test('the kernel’s figures are read in either version of cgroups', () => {
  const folder = makeFolder();
  expect(readContainer(folder)).toEqual(idle);
  for (const name of ['memory', 'cpuacct']) mkdirSync(join(folder, name));
  writeFileSync(join(folder, 'cpuacct', 'cpuacct.usage'), '1500000000\n');
  writeFileSync(join(folder, 'memory', 'memory.usage_in_bytes'), '10\n');
  writeFileSync(join(folder, 'memory', 'memory.max_usage_in_bytes'), '20\n');
  const old = { cpuSeconds: 1.5, memoryBytes: 10, memoryPeakBytes: 20, oomKills: 0 };
  expect(readContainer(folder)).toEqual(old);
  writeFileSync(join(folder, 'cpu.stat'), 'usage_usec 2500000\nuser_usec 1\n');
  writeFileSync(join(folder, 'memory.current'), '30\n');
  writeFileSync(join(folder, 'memory.peak'), '40\n');
  expect(readContainer(folder)).toMatchObject({
    cpuSeconds: 2.5,
    memoryBytes: 30,
    memoryPeakBytes: 40,
  });
});

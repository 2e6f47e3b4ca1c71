import { appendFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { encodeUsage, type Counters } from '../../../src/records/usage.ts';
import { UsageHistory } from '../../../src/metrics/history.ts';
import { countersOf, usageOf } from '../report/usage-lines.ts';

class Records implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'mcpd-unit-'));
  readonly history = new UsageHistory();

  finish(hour: number, counters: Record<string, Counters>): void {
    appendFileSync(join(this.folder, 'usage.jsonl'), `${encodeUsage(usageOf(hour, counters))}\n`);
  }

  now(hour: number, counters: Record<string, Counters>): void {
    writeFileSync(join(this.folder, 'usage.now'), `${encodeUsage(usageOf(hour, counters))}\n`);
  }

  get calls(): number {
    const { counters } = this.history.read('s1', this.folder);
    return [...counters.values()].reduce((sum, one) => sum + one.calls, 0);
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true });
  }
}

const calls = (count: number) => countersOf(Array.from({ length: count }, (_, index) => index));

test('a history grows by what is added to the files, and never goes back', () => {
  using records = new Records();
  expect(records.calls).toBe(0);
  records.now(1, { 'tools/call:read': calls(2) });
  expect(records.calls).toBe(2);
  records.now(1, { 'tools/call:read': calls(3) });
  expect(records.calls).toBe(3);
  records.finish(1, { 'tools/call:read': calls(3) });
  expect(records.calls).toBe(3);
  records.now(2, { 'tools/call:read': calls(1), 'tools/list': calls(4) });
  expect(records.calls).toBe(8);
  expect(new UsageHistory().read('s1', records.folder)).toEqual(
    records.history.read('s1', records.folder),
  );
});

test('a file that was replaced by its later half makes no counter go back', () => {
  using records = new Records();
  records.finish(1, { 'tools/list': calls(5) });
  records.finish(2, { 'tools/list': calls(5) });
  expect(records.calls).toBe(10);
  const path = join(records.folder, 'usage.jsonl');
  writeFileSync(`${path}.new`, `${encodeUsage(usageOf(2, { 'tools/list': calls(5) }))}\n`);
  renameSync(`${path}.new`, path);
  records.finish(3, { 'tools/list': calls(1) });
  expect(records.calls).toBe(11);
});

test('of many names the first stay what they are, and later ones are one', () => {
  using records = new Records();
  for (let hour = 0; hour < 100; hour += 1) {
    records.finish(hour, { [`tools/call:${hour}`]: calls(1), 'tools/list': calls(1) });
  }
  const { counters } = records.history.read('s1', records.folder);
  expect(counters.size).toBe(31);
  expect(counters.get('tools/list')?.calls).toBe(100);
  expect(counters.get('tools/call:0')?.calls).toBe(1);
  expect(counters.get('other')?.calls).toBe(71);
});

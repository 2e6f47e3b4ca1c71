import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { encodeUsage } from '../../../src/records/usage.ts';
import { UsageReader, type Period } from '../../../src/report/read.ts';
import { Tally } from '../../../src/report/tally.ts';
import { countersOf, usageOf } from './usage-lines.ts';

class Folder implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), 'mcpd-unit-'));

  write(name: string, text: string): void {
    writeFileSync(join(this.path, name), text);
  }

  /** Calls by hour. */
  read(period: Period, tools = true): Map<number, number> {
    const tally = new Tally();
    new UsageReader(tally, { period, tools }).read('bob/files', this.path);
    const byTool = [...tally.tools.values()].reduce((sum, one) => sum + one.counters.calls, 0);
    if (byTool !== (tools ? tally.total.counters.calls : 0)) throw new Error('tools differ');
    return new Map([...tally.hours].map(([hour, { counters }]) => [hour, counters.calls]));
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true });
  }
}

/** One call in each hour, of a tool with a long name. */
function lines(from: number, until: number, length = 1): string {
  const hours = Array.from({ length: until - from }, (_, index) => from + index);
  const name = `tools/call:é]"${'x'.repeat(length)}`;
  return hours
    .map((hour) => `${encodeUsage(usageOf(hour, { [name]: countersOf([1]) }))}\n`)
    .join('');
}

const always = { from: 0, until: Infinity };

describe('the records of a server', () => {
  test.each([1, 100, 100_000, 300_000])('are read with names of %d characters', (length) => {
    using folder = new Folder();
    folder.write('usage.jsonl', lines(0, 50, length));
    expect([...folder.read(always).values()]).toEqual(Array.from({ length: 50 }, () => 1));
    expect([...folder.read(always, false).keys()].length).toBe(50);
  });

  test.each([0, 1, 17, 9_990, 9_999])('are read from the hour %d on, of ten thousand', (from) => {
    using folder = new Folder();
    folder.write('usage.jsonl', lines(0, 10_000, 60));
    const hours = [...folder.read({ from, until: Infinity }).keys()];
    expect([hours[0], hours.length]).toEqual([from, 10_000 - from]);
  });

  test('are read up to an hour', () => {
    using folder = new Folder();
    folder.write('usage.jsonl', lines(0, 10));
    expect([...folder.read({ from: 2, until: 5 }).keys()]).toEqual([2, 3, 4]);
  });

  test('include the hour under way, once also while it becomes a line', () => {
    using folder = new Folder();
    folder.write('usage.jsonl', lines(0, 3));
    folder.write('usage.now', lines(3, 4));
    expect([...folder.read(always).keys()]).toEqual([0, 1, 2, 3]);
    folder.write('usage.jsonl', lines(0, 4));
    expect([...folder.read(always).values()]).toEqual([1, 1, 1, 1]);
  });

  test('are what is whole in them: a cut line and foreign text are left out', () => {
    using folder = new Folder();
    folder.write('usage.jsonl', `nonsense\n${lines(0, 2)}\n[[1]]\n${lines(2, 3).slice(0, -9)}`);
    folder.write('usage.now', '[4,0');
    expect([...folder.read(always).keys()]).toEqual([0, 1]);
  });

  test('may not be there yet', () => {
    using folder = new Folder();
    expect(folder.read(always).size).toBe(0);
  });
});

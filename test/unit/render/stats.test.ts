import { expect, test } from 'vitest';
import type { StatsResult } from '../../../src/observe/stats.ts';
import { onScreen, renderStats } from '../../../src/render/stats.ts';
import { styleFor } from '../../../src/render/style.ts';
import { displayWidth } from '../../../src/render/width.ts';

type Row = StatsResult['servers'][number];

const running: Row = {
  user: 'bob',
  server: 'filesystem',
  state: 'running',
  restarts: 0,
  oomKills: 0,
  thisHour: { calls: 1234, errors: 0, refusals: 0, callsPerMinute: 20.5 },
  storage: { quotaBytes: 2 ** 30, usedBytes: 2 ** 29, enforced: true },
  usage: {
    cpuPercent: 12.5,
    cpuSeconds: 3,
    cpus: 1,
    memoryBytes: 200 * 2 ** 20,
    memoryCapBytes: 2 ** 29,
    pids: 12,
    pidsCap: 128,
    receivedBytes: 123_456_789,
    sentBytes: 987_654_321,
  },
};
const stopped: Row = { ...running, server: 'memory', state: 'exited', usage: null };
const servers = [running, stopped];

const linesAt = (width?: number) =>
  renderStats({ servers }, styleFor({}, {}), { width }).split('\n');

test('with room enough, and in a pipe, all is shown', () => {
  const [header = ''] = linesAt();
  expect(header).toMatch(/IN \/ OUT +THIS HOUR +DISK/);
  expect(linesAt(200)[0]).toBe(header);
});

test.each([120, 100, 80, 60, 40])('no line is longer than a terminal of %i columns', (width) => {
  for (const line of linesAt(width)) expect(displayWidth(line)).toBeLessThanOrEqual(width);
});

test('what there is no room for is left out whole; the rest stays legible', () => {
  const [header = '', first = ''] = linesAt(80);
  expect(header).not.toContain('IN / OUT');
  expect(header).not.toContain('THIS HOUR');
  expect(header).toMatch(/^SERVER .* MEMORY .* DISK .* STATE$/);
  expect(first).not.toContain('…');
});

test('of more lines than a terminal has rows the first are shown, and how many are not', () => {
  const lines = Array.from({ length: 9 }, (_, index) => `line ${index}`);
  const text = lines.join('\n');
  expect(onScreen(text, 10)).toBe(text);
  expect(onScreen(text, 6)).toBe('line 0\nline 1\nline 2\nline 3\n… and 5 more');
  expect(onScreen(text, undefined)).toBe(text);
});

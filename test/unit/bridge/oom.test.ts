import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { describeEnding, readCause } from '../../../src/bridge/ending.ts';
import { countOomKills, spawnAsOomVictim } from '../../../src/bridge/oom.ts';

function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'cgroup-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

test('kills are counted in either version of cgroups, and as none without', () => {
  const folder = makeFolder();
  expect(countOomKills(folder)).toBe(0);
  mkdirSync(join(folder, 'memory'));
  const old = join(folder, 'memory', 'memory.oom_control');
  writeFileSync(old, 'oom_kill_disable 0\nunder_oom 0\noom_kill 2\n');
  expect(countOomKills(folder)).toBe(2);
  const events = 'low 0\nhigh 0\nmax 9\noom 4\noom_kill 3\noom_group_kill 0\n';
  writeFileSync(join(folder, 'memory.events'), events);
  expect(countOomKills(folder)).toBe(3);
});

test('only a kill that the kernel counted is for want of memory', () => {
  expect(readCause(null, 'SIGKILL', true)).toEqual({ kind: 'out-of-memory' });
  expect(readCause(137, null, true)).toEqual({ kind: 'out-of-memory' });
  expect(readCause(null, 'SIGKILL', false)).toEqual({ kind: 'signal', signal: 'SIGKILL' });
  expect(readCause(null, 'SIGSEGV', true)).toEqual({ kind: 'signal', signal: 'SIGSEGV' });
  expect(readCause(0, null, true)).toEqual({ kind: 'exit', code: 0 });
});

test('an ending that we brought about says nothing of the server’s output', () => {
  const stderr = ['bye'];
  const stopped = { cause: { kind: 'stopped', reason: 'idle' }, stderr } as const;
  expect(describeEnding(stopped, 0).message).toBe('the session was ended: idle');
  const crashed = { cause: { kind: 'exit', code: 1 }, stderr } as const;
  expect(describeEnding(crashed, 0).message).toBe(
    'the MCP server exited with code 1; its last output: bye',
  );
});

test('the score is raised while a child starts and put back, also when the start fails', () => {
  const file = join(makeFolder(), 'oom_score_adj');
  writeFileSync(file, '-5\n');
  const read = () => readFileSync(file, 'utf8');
  expect(spawnAsOomVictim(read, file)).toBe('1000');
  expect(read()).toBe('-5');
  const fail = (): never => {
    throw new Error('no start');
  };
  expect(() => spawnAsOomVictim(fail, file)).toThrow('no start');
  expect(read()).toBe('-5');
});

test('a child starts where there is no score', () => {
  expect(spawnAsOomVictim(() => 'started', '/nowhere/oom_score_adj')).toBe('started');
});

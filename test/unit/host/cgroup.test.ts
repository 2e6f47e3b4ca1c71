import { expect, test } from 'vitest';
import { parseOomKills } from '../../../src/host/cgroup.ts';

test('reads the count of both cgroup versions', () => {
  expect(parseOomKills('oom_kill_disable 0\nunder_oom 0\noom_kill 3\n')).toBe(3);
  expect(parseOomKills('low 0\nhigh 0\nmax 12\noom 2\noom_kill 1\noom_group_kill 0\n')).toBe(1);
});

test('an old kernel without the count has none', () => {
  expect(parseOomKills('oom_kill_disable 0\nunder_oom 0\n')).toBeUndefined();
});

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Desk } from './desk.ts';

test('a setting that was set is read back, and setting it again changes nothing', async () => {
  using desk = new Desk();
  const set = ['config', 'set', 'limits.memory', '1g'];
  expect(await desk.json(set)).toEqual({
    changed: true,
    key: 'limits.memory',
    before: '512m',
    value: '1g',
  });
  expect(await desk.json(set)).toMatchObject({ changed: false, value: '1g' });
  expect((await desk.run(['config', 'get', 'limits.memory'])).stdout).toBe('1g\n');
  const { stdout } = await desk.run(['config', 'list']);
  expect(stdout).toMatch(/^limits\.memory +1g +512m +default memory cap/m);
});

test('one that cannot be is refused, and nothing is written', async () => {
  using desk = new Desk();
  const { code, stderr } = await desk.run(['config', 'set', 'limits.memory', 'much']);
  expect(code).toBe(2);
  expect(stderr).toContain('limits.memory');
  expect(existsSync(join(desk.folder, 'mcpd'))).toBe(false);
});

test('an unknown one leads to those with a like name', async () => {
  using desk = new Desk();
  const { error } = await desk.json<{ error: { suggestions: string[] } }>([
    'config',
    'get',
    'limits.mem',
  ]);
  expect(error.suggestions[0]).toContain('limits.memory');
});

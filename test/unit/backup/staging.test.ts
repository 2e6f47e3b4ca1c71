import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openStaging } from '../../../src/backup/staging.ts';
import { temporaryHome } from '../registry/temporary.ts';

function homeWithUsers() {
  const home = temporaryHome();
  mkdirSync(home.users, { recursive: true });
  return home;
}

/** A restore that is killed after it has moved these folders. */
function killed(home: ReturnType<typeof homeWithUsers>, ...ids: string[]): void {
  const staging = openStaging(home, () => false);
  for (const id of [...ids, 'unmoved']) writeFileSync(join(staging.userFolder(id), 'file'), '');
  for (const id of ids) staging.publish(id);
}

test('a killed restore’s folders go when the next one begins, unless their rows were written', () => {
  using home = homeWithUsers();
  killed(home, 'unwritten', 'written');
  const { folder } = openStaging(home, (id) => id === 'written');
  expect(readdirSync(home.users)).toEqual(['written']);
  expect(readdirSync(join(home.users, 'written'))).toEqual(['file']);
  expect(readdirSync(folder)).toEqual([]);
});

test('a workspace that a removed user left behind is never taken away', () => {
  using home = homeWithUsers();
  mkdirSync(join(home.users, 'left/workspace'), { recursive: true });
  killed(home);
  openStaging(home, () => false).settle(['left']);
  expect(existsSync(join(home.users, 'left/workspace'))).toBe(true);
});

test('a restored audit goes where there is none, and else beside what there is, never in its place', () => {
  using home = homeWithUsers();
  for (const audit of ['first', 'second', 'third']) {
    const staging = openStaging(home, () => false);
    mkdirSync(join(staging.folder, 'audit'));
    writeFileSync(join(staging.folder, 'audit', audit), '');
    staging.publishAudit(home.audit);
    staging.settle([]);
  }
  expect(readdirSync(home.audit)).toEqual(['first', 'restored', 'restored.2']);
  expect(readdirSync(join(home.audit, 'restored.2'))).toEqual(['third']);
});

test('at its end a restore takes away what it moved; of users whose rows were written only its mark', () => {
  using home = homeWithUsers();
  const staging = openStaging(home, (id) => id === 'done');
  for (const id of ['failed', 'done']) {
    staging.userFolder(id);
    staging.publish(id);
  }
  staging.settle(['failed', 'done']);
  expect(existsSync(staging.folder)).toBe(false);
  expect(readdirSync(home.users)).toEqual(['done']);
  expect(readdirSync(join(home.users, 'done'))).toEqual([]);
});

import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Desk } from './desk.ts';

type Failure = { error: { code: string; message: string } };

/** A disk of a megabyte and forty files where the home of this desk is. */
function smallDisk({ folder }: Desk) {
  const home = join(folder, 'mcpd');
  mkdirSync(home);
  const mount = (...args: string[]) => execFileSync('mount', [...args, home]);
  mount('-t', 'tmpfs', '-o', 'size=1m,nr_inodes=40,mode=0711', 'tmpfs');
  const fill = () => {
    for (;;) appendFileSync(join(home, 'filler'), Buffer.alloc(4096));
  };
  const fillWithFiles = () => {
    for (let number = 0; ; number += 1) writeFileSync(join(home, `filler${number}`), '');
  };
  return {
    makeRoom: () => rmSync(join(home, 'filler')),
    fill: () => expect(fill).toThrow('ENOSPC'),
    fillWithFiles: () => expect(fillWithFiles).toThrow('ENOSPC'),
    freeze: () => mount('-o', 'remount,ro'),
    [Symbol.dispose]: () => void execFileSync('umount', ['-l', home]),
  };
}

describe.runIf(process.getuid?.() === 0)('a disk with the home on it', () => {
  test.each([
    ['user', 'list'],
    ['group', 'create', 'other'],
  ])('that is full is told as that, and nothing is half done: %s %s', async (...words) => {
    using desk = new Desk();
    using disk = smallDisk(desk);
    await desk.run(['group', 'create', 'staff']);
    disk.fill();
    const { code, stdout } = await desk.run([...words, '--json']);
    expect({ code, ...(JSON.parse(stdout) as Failure) }).toMatchObject({
      code: 4,
      error: { code: 'NO_SPACE', message: expect.stringContaining('full') },
    });
    disk.makeRoom();
    const { groups } = await desk.json<{ groups: { name: string }[] }>(['group', 'list']);
    expect(groups.map(({ name }) => name)).toEqual(['staff']);
  });

  test('that has no room for another file is told as that, not as a home of somebody else’s', async () => {
    using desk = new Desk();
    using disk = smallDisk(desk);
    await desk.run(['group', 'create', 'staff']);
    disk.fillWithFiles();
    const { error } = await desk.json<Failure>(['user', 'list']);
    expect(error).toMatchObject({ code: 'NO_SPACE', message: expect.stringContaining('file') });
  });

  test('that can’t be written to is told as that, not as a home of somebody else’s', async () => {
    using desk = new Desk();
    using disk = smallDisk(desk);
    await desk.run(['group', 'create', 'staff']);
    disk.freeze();
    const { error } = await desk.json<Failure>(['user', 'list']);
    expect(error).toMatchObject({
      code: 'READ_ONLY',
      message: expect.stringContaining(join(desk.folder, 'mcpd')),
    });
  });
});

test('a registry that is none is told as that', async () => {
  using desk = new Desk();
  mkdirSync(join(desk.folder, 'mcpd'), { mode: 0o711 });
  writeFileSync(join(desk.folder, 'mcpd/registry.db'), Buffer.alloc(8192, 'x'));
  const { error } = await desk.json<Failure>(['user', 'list']);
  expect(error.code).toBe('REGISTRY_DAMAGED');
});

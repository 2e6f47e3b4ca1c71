import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { callTool } from '../support/call-tool.ts';
import { Tenancy, type AddedUser } from '../support/tenancy.ts';

it('a removed user’s kept workspace gives a new user the files and the same uid back', async () => {
  await using tenancy = await Tenancy.open();
  const before = await tenancy.addUser('bob');
  await write(before, 'from before');
  const removed = await tenancy.json<{ workspace: string }>(['user', 'remove', 'bob', '--yes']);
  expect(removed.workspace).toBe(before.user.workspace);

  // Somebody else in between may not get the uid that owns the files.
  const { user: alice } = await tenancy.addUser('alice', '--no-start');
  expect(alice.uid).not.toBe(before.user.uid);
  const after = await tenancy.addUser('bob', '--workspace', removed.workspace);
  expect(after.user).toMatchObject({ uid: before.user.uid, workspace: removed.workspace });
  expect(after.user.id).not.toBe(before.user.id);
  expect(await read(after)).toBe('from before');
  await write(after, 'from after');
  expect(await read(after)).toBe('from after');
}, 120_000);

it('with --os-user, servers write files as that account, in a folder of its own', async () => {
  const name = `mcpd-${randomBytes(4).toString('hex')}`;
  const root = await mkdtemp('/srv/mcpd-test-');
  execFileSync('useradd', ['--no-create-home', '--shell', '/usr/sbin/nologin', name]);
  try {
    const uid = Number(execFileSync('id', ['-u', name]));
    const gid = Number(execFileSync('id', ['-g', name]));
    const workspace = join(root, 'work');
    {
      await using tenancy = await Tenancy.open();
      const added = await tenancy.addUser('bob', '--os-user', name, '--workspace', workspace);
      expect(added.user).toMatchObject({ uid, osUser: name, workspace });
      await write(added, 'mine');
      // The same folder by another spelling is as asked.
      const again = await tenancy.addUser('bob', '--os-user', name, '--workspace', `${workspace}/`);
      expect(again.changed).toBe(false);
    }
    // A workspace that mcpd didn't choose outlives its user, even with --purge.
    const file = join(workspace, 'note.txt');
    expect(await readFile(file, 'utf8')).toBe('mine');
    expect(await stat(file)).toMatchObject({ uid, gid });
    expect(await stat(workspace)).toMatchObject({ uid, gid });
  } finally {
    execFileSync('userdel', [name]);
    await rm(root, { recursive: true });
  }
}, 120_000);

function write(user: AddedUser, content: string): Promise<string> {
  return use(user, 'write_file', { path: '/workspace/note.txt', content });
}

function read(user: AddedUser): Promise<string> {
  return use(user, 'read_text_file', { path: '/workspace/note.txt' });
}

function use({ servers, token }: AddedUser, tool: string, args: Record<string, unknown>) {
  return callTool({ url: servers[0]?.url ?? '', token, tool, args });
}

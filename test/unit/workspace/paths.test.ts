import { chmodSync, chownSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { checkWorkspace, type WorkspaceRules } from '../../../src/workspace/paths.ts';
import type { FileFacts } from '../../../src/workspace/trust.ts';
import { temporaryHome, thrownBy } from '../registry/temporary.ts';

const uid = process.getuid?.() ?? 0;
const unprivileged = uid !== 0;

interface Site extends Disposable {
  readonly srv: string;
  readonly rules: WorkspaceRules;
}

/** A root folder `srv` that users' workspaces may lie in, beside a home. */
function site(more: Partial<WorkspaceRules> = {}): Site {
  const home = temporaryHome();
  const srv = join(home.root, '../srv');
  mkdirSync(srv, { mode: 0o755 });
  mkdirSync(home.users, { recursive: true, mode: 0o755 });
  return {
    srv,
    rules: { roots: [srv], home, otherWorkspaces: [], callerUid: uid, ...more },
    [Symbol.dispose]: () => home[Symbol.dispose](),
  };
}

function codeOf(path: string, rules: WorkspaceRules): unknown {
  return (thrownBy(() => checkWorkspace(path, rules)) as { code?: unknown }).code;
}

describe('checkWorkspace', () => {
  test('accepts a folder inside a root, there or still to be made', () => {
    using box = site();
    mkdirSync(join(box.srv, 'bob'), { mode: 0o755 });
    expect(checkWorkspace(join(box.srv, 'bob'), box.rules)).toBe(join(box.srv, 'bob'));
    expect(checkWorkspace(join(box.srv, 'bob/deep/er/'), box.rules)).toBe(
      join(box.srv, 'bob/deep/er'),
    );
    expect(checkWorkspace(join(box.srv, 'x/../eve'), box.rules)).toBe(join(box.srv, 'eve'));
  });

  test('gives the real path of a link inside the root', () => {
    using box = site();
    mkdirSync(join(box.srv, 'real'), { mode: 0o755 });
    symlinkSync('real', join(box.srv, 'link'));
    expect(checkWorkspace(join(box.srv, 'link'), box.rules)).toBe(join(box.srv, 'real'));
    expect(checkWorkspace(join(box.srv, 'link/new'), box.rules)).toBe(join(box.srv, 'real/new'));
  });

  test('refuses what is outside the roots: another folder, the root itself, a name that begins alike', () => {
    using box = site();
    for (const path of [box.srv, `${box.srv}2/bob`, join(box.srv, '../bob'), '/opt/bob']) {
      expect(codeOf(path, box.rules), path).toBe('WORKSPACE_OUTSIDE_ROOTS');
    }
  });

  test('refuses a link that leads out of the root, at its end or on the way, and a broken one', () => {
    using box = site();
    const outside = join(box.srv, '../outside');
    mkdirSync(outside);
    symlinkSync(outside, join(box.srv, 'out'));
    symlinkSync('/etc', join(box.srv, 'etc'));
    symlinkSync(join(box.srv, 'nothing'), join(box.srv, 'broken'));
    symlinkSync('loop', join(box.srv, 'loop'));
    expect(codeOf(join(box.srv, 'out'), box.rules)).toBe('WORKSPACE_OUTSIDE_ROOTS');
    expect(codeOf(join(box.srv, 'out/new'), box.rules)).toBe('WORKSPACE_OUTSIDE_ROOTS');
    expect(codeOf(join(box.srv, 'etc'), box.rules)).toBe('WORKSPACE_SYSTEM_FOLDER');
    expect(codeOf(join(box.srv, 'broken'), box.rules)).toBe('WORKSPACE_BROKEN_LINK');
    expect(codeOf(join(box.srv, 'broken/new'), box.rules)).toBe('WORKSPACE_BROKEN_LINK');
    expect(codeOf(join(box.srv, 'loop'), box.rules)).toBe('WORKSPACE_BROKEN_LINK');
  });

  test('refuses folders of the system, whatever the roots say', () => {
    using box = site({ roots: ['/'] });
    const paths = ['/', '/etc', '/etc/bob', '/proc/1', '/sys', '/dev/shm/bob', '/run/bob', '/var'];
    for (const path of [
      ...paths,
      '/var/run',
      '/boot',
      '/root',
      '/usr/local/bob',
      '/var/lib/docker',
    ]) {
      expect(codeOf(path, box.rules), path).toBe('WORKSPACE_SYSTEM_FOLDER');
    }
  });

  test('refuses the engine’s socket and every folder that holds it', async () => {
    using box = site();
    mkdirSync(join(box.srv, 'engine/run'), { recursive: true, mode: 0o755 });
    const socket = join(box.srv, 'engine/run/docker.sock');
    const server = createServer().listen(socket);
    await once(server, 'listening');
    try {
      const rules = { ...box.rules, sockets: [socket] };
      expect(codeOf(socket, rules)).toBe('WORKSPACE_NOT_A_FOLDER');
      expect(codeOf(join(box.srv, 'engine/run'), rules)).toBe('WORKSPACE_SYSTEM_FOLDER');
      expect(codeOf(join(box.srv, 'engine'), rules)).toBe('WORKSPACE_SYSTEM_FOLDER');
      expect(checkWorkspace(join(box.srv, 'engine2'), rules)).toBe(join(box.srv, 'engine2'));
    } finally {
      server.close();
    }
  });

  test('refuses another user’s workspace, what is in it and what it is in, also through a link', () => {
    using box = site();
    const alice = join(box.srv, 'team/alice');
    mkdirSync(join(alice, 'inner'), { recursive: true, mode: 0o755 });
    symlinkSync(alice, join(box.srv, 'mine'));
    const rules = { ...box.rules, otherWorkspaces: [alice] };
    for (const path of [
      alice,
      join(alice, 'inner'),
      join(box.srv, 'team'),
      join(box.srv, 'mine'),
    ]) {
      expect(codeOf(path, rules), path).toBe('WORKSPACE_TAKEN');
    }
    expect(checkWorkspace(`${alice}2`, rules)).toBe(`${alice}2`);
  });

  test('refuses mcpd’s home, but takes back a workspace that a removed user left there', () => {
    using box = site();
    const { home } = box.rules;
    const left = join(home.users, 'uaaa/workspace');
    mkdirSync(left, { recursive: true, mode: 0o755 });
    const rules = { ...box.rules, roots: [join(home.root, '..')] };
    const paths = [home.root, home.keys, home.users, join(home.users, 'uaaa'), join(left, 'inner')];
    for (const path of [...paths, join(home.users, 'unew/workspace'), home.runtime]) {
      expect(codeOf(path, rules), path).toBe('WORKSPACE_IN_HOME');
    }
    expect(checkWorkspace(left, box.rules)).toBe(left);
    expect(codeOf(left, { ...box.rules, otherWorkspaces: [left] })).toBe('WORKSPACE_TAKEN');
  });

  test('refuses a path below a folder that others can write to', () => {
    using box = site();
    const open = join(box.srv, 'open');
    mkdirSync(open);
    for (const mode of [0o775, 0o757, 0o1777]) {
      chmodSync(open, mode);
      expect(codeOf(join(open, 'bob'), box.rules), mode.toString(8)).toBe(
        'WORKSPACE_PARENT_UNSAFE',
      );
    }
    // Nobody can replace a folder of ours in a sticky one.
    mkdirSync(join(open, 'ours'), { mode: 0o755 });
    expect(checkWorkspace(join(open, 'ours/bob'), box.rules)).toBe(join(open, 'ours/bob'));
  });

  test.skipIf(unprivileged)(
    'refuses a path below a tenant’s folder, which may itself be the workspace',
    () => {
      using box = site({ tenantUids: [200000] });
      const folder = join(box.srv, 'bob');
      mkdirSync(join(folder, 'inner'), { recursive: true, mode: 0o755 });
      chownSync(folder, 200000, 200000);
      expect(checkWorkspace(folder, box.rules)).toBe(folder);
      expect(thrownBy(() => checkWorkspace(join(folder, 'inner'), box.rules))).toMatchObject({
        code: 'WORKSPACE_PARENT_UNSAFE',
        exitCode: 8,
        message: expect.stringContaining('belongs to uid 200000, a tenant'),
      });
    },
  );

  test('an ordinary user’s own folders are safe parents for that user, and for root they are not', () => {
    using box = site();
    const facts: FileFacts = {
      realpath: (path) => (facts.fact(path) ? path : undefined),
      fact: (path) => {
        const owners = new Map([
          ['/', 0],
          ['/home', 0],
          ['/home/ann', 1000],
          ['/home/ann/work', 1000],
          ['/home/shared', 0],
        ]);
        const owner = owners.get(path);
        return owner === undefined
          ? undefined
          : { kind: 'directory' as const, uid: owner, mode: 0o755 };
      },
    };
    const rules = { ...box.rules, roots: ['/home'], facts };
    expect(checkWorkspace('/home/ann/work', { ...rules, callerUid: 1000 })).toBe('/home/ann/work');
    expect(codeOf('/home/ann/work', { ...rules, callerUid: 0 })).toBe('WORKSPACE_PARENT_UNSAFE');
    const ann = { ...rules, callerUid: 1000 };
    expect(codeOf('/home/shared', ann)).toBe('WORKSPACE_NOT_YOURS');
    expect(codeOf('/home/new', ann)).toBe('WORKSPACE_NOT_YOURS');
    expect(checkWorkspace('/home/ann/new/er', ann)).toBe('/home/ann/new/er');
    expect(checkWorkspace('/home/shared', { ...rules, callerUid: 0 })).toBe('/home/shared');
  });

  test('refuses a relative path and a file', () => {
    using box = site();
    writeFileSync(join(box.srv, 'file'), '');
    expect(codeOf('srv/bob', box.rules)).toBe('WORKSPACE_NOT_ABSOLUTE');
    expect(codeOf(join(box.srv, 'file'), box.rules)).toBe('WORKSPACE_NOT_A_FOLDER');
    expect(codeOf(join(box.srv, 'file/inner'), box.rules)).toBe('WORKSPACE_PARENT_UNSAFE');
  });
});

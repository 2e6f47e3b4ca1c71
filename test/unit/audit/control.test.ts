import { readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { bounded } from '../../../src/audit/bounded.ts';
import { noteBegun, type BegunCommand } from '../../../src/audit/begun.ts';
import { controlFile } from '../../../src/audit/control-files.ts';
import { recordCommand, recordKilled } from '../../../src/audit/control.ts';
import type { ControlLine } from '../../../src/audit/result.ts';
import { compareSnapshots, takeSnapshot } from '../../../src/audit/snapshot.ts';
import { createGroup, setGroupPolicy } from '../../../src/registry/groups.ts';
import type { Registry } from '../../../src/registry/database.ts';
import { addServer } from '../../../src/registry/servers.ts';
import { updateUser } from '../../../src/registry/users.ts';
import { keepVersion } from '../../../src/registry/versions.ts';
import { add, temporaryRegistry } from '../registry/temporary.ts';
import { version } from '../upgrade/version.ts';

const bob = { users: ['bob'], groups: [] };
const holder = { pid: 1, startTime: '1', bootId: 'b' };
const isGone = (): boolean => false;

function begin(registry: Registry, id: string): BegunCommand {
  const command: BegunCommand = {
    id,
    since: registry.clock.now(),
    actor: { user: 'root', uid: 0, sudoUser: 'alice' },
    command: 'mcpd user update bob --memory',
    object: 'bob',
    subjects: bob,
    before: takeSnapshot(registry, bob),
  };
  noteBegun(registry, command, holder);
  return command;
}

function recordsOf({ home }: Registry): ControlLine[] {
  const text = readFileSync(join(home.audit, 'control.jsonl'), 'utf8');
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as ControlLine);
}

describe('a command that was killed', () => {
  test('is recorded by the next one as unfinished, with what it had changed', () => {
    using box = temporaryRegistry();
    const { registry } = box;
    const { id } = add(registry, 'bob');
    begin(registry, 'k1');
    updateUser(registry, id, { limits: { memoryBytes: 2 ** 29 } });
    recordKilled(registry, () => true);
    expect(() => recordsOf(registry)).toThrow('ENOENT');
    recordKilled(registry, isGone);
    recordKilled(registry, isGone);
    expect(recordsOf(registry)).toMatchObject([
      {
        id: 'k1',
        outcome: 'unfinished',
        actor: { sudoUser: 'alice' },
        changes: [{ what: 'user bob limits.memoryBytes', before: null, after: 2 ** 29 }],
      },
    ]);
  });

  test('behind its last word has one record, not two', () => {
    using box = temporaryRegistry();
    const { registry } = box;
    const { command, actor } = begin(registry, 'k2');
    const time = new Date(registry.clock.now()).toISOString();
    const end = { time, began: time, id: 'k2', actor, command, object: 'bob', code: null };
    recordCommand(registry, { ...end, outcome: 'ok', changed: true, changes: [] });
    // As if its row had been left.
    begin(registry, 'k2');
    recordKilled(registry, isGone);
    expect(recordsOf(registry)).toMatchObject([{ id: 'k2', outcome: 'ok' }]);
  });

  test('is looked for in the file that was full since, too', () => {
    using box = temporaryRegistry();
    const { registry } = box;
    const { audit } = registry.home;
    const begun = begin(registry, 'k3');
    const { command, actor } = begun;
    const time = new Date(registry.clock.now()).toISOString();
    const end = { time, began: time, actor, command, object: 'bob', code: null };
    recordCommand(registry, { ...end, id: 'k3', outcome: 'ok', changed: true, changes: [] });
    renameSync(join(audit, controlFile), join(audit, 'control-2026-01-01T00-00-00-000Z.jsonl'));
    box.clock.advanceHours(1);
    const later = { ...end, time: new Date(registry.clock.now()).toISOString() };
    recordCommand(registry, { ...later, id: 'k4', outcome: 'ok', changed: true, changes: [] });
    noteBegun(registry, begun, holder);
    recordKilled(registry, isGone);
    expect(recordsOf(registry)).toMatchObject([{ id: 'k4' }]);
  });
});

test('a change of a group is said field by field, and so is who came and went', () => {
  using box = temporaryRegistry();
  const { registry } = box;
  const group = createGroup(registry, { name: 'students', policy: { servers: 2 } });
  const user = add(registry, 'bob');
  const subjects = { users: ['bob'], groups: ['students'] };
  const before = takeSnapshot(registry, subjects);
  setGroupPolicy(registry, group.id, { servers: 3, tools: { deny: ['write_*'] } });
  updateUser(registry, user.id, { groupId: group.id });
  expect(compareSnapshots(before, takeSnapshot(registry, subjects))).toEqual([
    { what: 'group students policy.servers', before: 2, after: 3 },
    { what: 'user bob group', before: null, after: 'students' },
    { what: 'group students policy.tools', before: null, after: '{"deny":["write_*"]}' },
  ]);
});

test('two tokens of one name, and what replaced the older, are told apart', () => {
  using box = temporaryRegistry();
  const { registry } = box;
  const { id } = add(registry, 'bob');
  const insert = registry.db.prepare(
    'INSERT INTO tokens (id, user_id, name, scopes, servers, created_at) VALUES (?, ?, ?, ?, ?, 0)',
  );
  insert.run('t1', id, 'laptop', '["tools:read"]', '["memory"]');
  const before = takeSnapshot(registry, bob);
  registry.db.exec(`UPDATE tokens SET replaced_by = 't2' WHERE id = 't1'`);
  insert.run('t2', id, 'laptop', '["tools:read"]', '["memory"]');
  const changes = compareSnapshots(before, takeSnapshot(registry, bob));
  expect(changes).toContainEqual({
    what: 'token bob/laptop t1 replaced_by',
    before: null,
    after: 't2',
  });
  expect(changes).toContainEqual({
    what: 'token bob/laptop t2 servers',
    before: null,
    after: '["memory"]',
  });
});

test('a server that was moved to another version says from which to which', () => {
  using box = temporaryRegistry();
  const { registry } = box;
  const user = add(registry, 'bob');
  const server = { user, name: 'files', template: 'files', isPortFree: () => true };
  const { id } = addServer(registry, server);
  keepVersion(registry, id, version());
  const before = takeSnapshot(registry, bob);
  keepVersion(registry, id, version({ source: { npm: '@x/files@2.0.0' } }));
  expect(compareSnapshots(before, takeSnapshot(registry, bob))).toEqual([
    {
      what: 'server bob/files version',
      before: expect.stringMatching(/^1\.2\.3-/),
      after: expect.stringMatching(/^2\.0\.0-/),
    },
  ]);
});

test('of several users it is said whose secret changed', () => {
  using box = temporaryRegistry();
  const { registry } = box;
  const set = registry.db.prepare('INSERT OR REPLACE INTO secrets VALUES (?, ?, ?, ?)');
  const [bobId, aliceId] = ['bob', 'alice'].map((name) => add(registry, name).id);
  for (const id of [bobId, aliceId]) set.run(id ?? '', 'API_KEY', Buffer.of(1), 1);
  const both = { users: ['alice', 'bob'], groups: [] };
  const before = takeSnapshot(registry, both);
  set.run(aliceId ?? '', 'API_KEY', Buffer.of(2), 2);
  expect(compareSnapshots(before, takeSnapshot(registry, both))).toEqual([
    { what: 'secret alice/API_KEY updated_at', before: 1, after: 2 },
  ]);
});

test('of too many changes it is said how many more there were', () => {
  const value = 'x'.repeat(100);
  const all = Array.from({ length: 1000 }, (_, index) => ({
    what: `user u${index} down`,
    before: null,
    after: value,
  }));
  const some = bounded(all);
  expect(JSON.stringify(some).length).toBeLessThan(2 ** 17);
  expect(some.length).toBeGreaterThan(300);
  const rest = { what: `and ${1001 - some.length} more`, before: null, after: null };
  expect(some.at(-1)).toEqual(rest);
  const tools = { what: 'user bob policy.tools', before: null, after: 'é'.repeat(2 ** 17) };
  expect(JSON.stringify(bounded([tools])).length).toBeLessThan(2 ** 13);
});

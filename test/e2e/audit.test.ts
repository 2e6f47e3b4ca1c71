import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { AuditLine } from '../../src/records/audit-line.ts';
import { TestClient } from '../support/client.ts';
import { insideServer } from '../support/inside.ts';
import { Tenancy, type AddedUser } from '../support/tenancy.ts';

const laboratory = join(import.meta.dirname, '../fixtures/laboratory');
const stack = new AsyncDisposableStack();
let tenancy: Tenancy;
let bob: AddedUser;
let alice: AddedUser;

beforeAll(async () => {
  tenancy = stack.use(await Tenancy.open());
  [bob, alice] = (await Promise.all([
    tenancy.addUser('bob', '--server', laboratory),
    tenancy.addUser('alice', '--server', 'memory'),
  ])) as [AddedUser, AddedUser];
});

afterAll(() => stack.disposeAsync());

function open({ servers, token }: AddedUser): Promise<TestClient> {
  return TestClient.connect(servers[0]?.url ?? '', token);
}

async function callsOf(user: string): Promise<AuditLine[]> {
  const args = ['audit', user, '--method', 'tools/call'];
  return (await tenancy.json<{ records: AuditLine[] }>(args)).records;
}

it('has each call of each user, who made it and in which shape, and no value', async () => {
  const entities = [{ name: 'only-alices', entityType: 'person', observations: ['private'] }];
  await using memory = await open(alice);
  await memory.call('create_entities', { entities });
  const [call, ...others] = await callsOf('alice');
  expect(others).toEqual([]);
  expect(call).toMatchObject({
    user: 'alice',
    server: 'memory',
    target: 'create_entities',
    outcome: 'ok',
    shape: { entities: [{ name: 'string', entityType: 'string', observations: ['string'] }] },
  });
  expect(await callsOf('bob')).toEqual([]);
  const { stdout } = await tenancy.run(['audit', 'alice', '--json']);
  expect(stdout).not.toContain('only-alices');
  expect(await tenancy.run(['audit', 'verify'])).toMatchObject({ code: 0 });
});

it('cannot be read, written or removed by the server’s own process', async () => {
  await using server = await open(bob);
  const tried = await insideServer(server, () => {
    const fs = process.getBuiltinModule('node:fs');
    const folder = '/var/log/mcpd';
    const attempts = {
      list: () => fs.readdirSync(folder),
      read: () => fs.readFileSync(`${folder}/audit.jsonl`),
      append: () => fs.appendFileSync(`${folder}/audit.jsonl`, 'x'),
      create: () => fs.writeFileSync(`${folder}/usage.jsonl`, 'x'),
      remove: () => fs.rmSync(`${folder}/audit.jsonl`),
      rename: () => fs.renameSync(`${folder}/audit.jsonl`, '/tmp/audit'),
      open: () => fs.chmodSync(folder, 0o777),
    };
    return Object.entries(attempts).map(([name, attempt]) => {
      try {
        attempt();
        return `${name} done`;
      } catch (error) {
        return `${name} ${(error as NodeJS.ErrnoException).code}`;
      }
    });
  });
  expect(tried).toEqual([
    'list EACCES',
    'read EACCES',
    'append EACCES',
    'create EACCES',
    'remove EACCES',
    'rename EACCES',
    'open EPERM',
  ]);
});

it('is kept when its user is removed, and the removal is recorded', async () => {
  await tenancy.json(['user', 'remove', 'alice', '--yes']);
  const removed = join(tenancy.home, 'audit', 'removed');
  const [archive = ''] = await readdir(removed);
  expect(archive).toBe(`alice-${alice.user.id}`);
  const [server = ''] = await readdir(join(removed, archive));
  const text = await readFile(join(removed, archive, server, 'audit.jsonl'), 'utf8');
  expect(text).toContain('create_entities');
  const args = ['audit', '--control'];
  const { records } = await tenancy.json<{ records: Record<string, unknown>[] }>(args);
  const command = 'mcpd user remove alice --yes --json';
  expect(records.at(-1)).toMatchObject({ command, outcome: 'ok' });
  expect(records.at(-1)?.['changes']).toContainEqual({
    what: 'server alice/memory template',
    before: 'memory',
    after: null,
  });
});

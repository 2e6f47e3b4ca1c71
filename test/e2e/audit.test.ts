import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { AuditLine } from '../../src/records/audit-line.ts';
import { auditFiles } from '../../src/records/files.ts';
import { TestClient } from '../support/client.ts';
import { insideServer } from '../support/inside.ts';
import { Tenancy, type AddedUser } from '../support/tenancy.ts';

const laboratory = join(import.meta.dirname, '../fixtures/laboratory');
const stack = new AsyncDisposableStack();
let tenancy: Tenancy;
let bob: AddedUser;
let alice: AddedUser;

beforeAll(async () => {
  tenancy = stack.use(await Tenancy.open({ audit: { fileSize: '64k', files: 3 } }));
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

/** Paths of the files with bob's audit, oldest first. */
async function filesOfBob(): Promise<string[]> {
  const logs = join(tenancy.home, 'users', bob.user.id, 'logs');
  const [server = ''] = await readdir(logs);
  const names = auditFiles(await readdir(join(logs, server)));
  return names.map((name) => join(logs, server, name));
}

it('goes on in another file when one is full, without losing a request that is made meanwhile, and keeps so many', async () => {
  await using clients = new AsyncDisposableStack();
  const both = [clients.use(await open(bob)), clients.use(await open(bob))];
  // A wide shape: some 25 of these fill a file.
  const names = Array.from({ length: 24 }, (_, index) => `${index}`.padEnd(64, '-name'));
  const args = Object.fromEntries(names.map((name) => [name, 0]));
  let answers = 0;
  const callUntil = (isOver: (files: readonly string[]) => boolean) =>
    Promise.all(
      both.map(async (client) => {
        while (!isOver(await filesOfBob())) {
          await client.call('spare', args);
          answers += 1;
        }
      }),
    );
  await callUntil((files) => files.length > 2);
  const recorded = (await callsOf('bob')).filter(({ target }) => target === 'spare');
  expect(recorded).toHaveLength(answers);

  const [first = ''] = await filesOfBob();
  const [verified] = await Promise.all([
    tenancy.run(['audit', 'verify', 'bob']),
    callUntil((files) => !files.includes(first)),
  ]);
  expect(verified).toMatchObject({ code: 0 });
  const files = await filesOfBob();
  expect(files).toHaveLength(4);
  for (const file of files) expect((await stat(file)).size).toBeLessThanOrEqual(2 ** 16);
  expect(await tenancy.run(['audit', 'verify'])).toMatchObject({ code: 0 });
  // What is gone from the audit is in the usage all the same.
  expect((await callsOf('bob')).length).toBeLessThan(answers);
  await expect
    .poll(() => tenancy.json(['report', 'bob', '--since', '1h', '--by', 'tool']), {
      timeout: 10_000,
    })
    .toMatchObject({
      rows: expect.arrayContaining([
        expect.objectContaining({ name: 'tools/call:spare', calls: answers }),
      ]) as unknown,
    });
});

it('goes on in another file when one is old, from the up on that follows the setting', async () => {
  await tenancy.json(['config', 'set', 'audit.fileHours', '0.0003']);
  await tenancy.json(['up', 'bob']);
  await using client = await open(bob);
  // Not the file that was there: one that began under this setting.
  const began = Date.now();
  const newestOld = async (): Promise<[time: number, size: number]> => {
    await client.call('spare');
    const file = (await filesOfBob()).at(-2) ?? '';
    const text = await readFile(file, 'utf8');
    const [line = '{}'] = text.split('\n', 1);
    return [Date.parse((JSON.parse(line) as AuditLine).time), text.length];
  };
  await expect
    .poll(async () => (await newestOld())[0], { timeout: 30_000 })
    .toBeGreaterThanOrEqual(began);
  const [, size] = await newestOld();
  expect(size).toBeLessThan(2 ** 15);
  expect(await tenancy.run(['audit', 'verify', 'bob'])).toMatchObject({ code: 0 });
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

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { TestClient } from '../support/client.ts';
import { Disposals } from '../support/disposals.ts';
import { OwnTemplate } from '../support/own-template.ts';
import { Tenancy, type AddedUser } from '../support/tenancy.ts';

interface Row {
  readonly server: string;
  readonly outcome: string;
  readonly from: string;
  readonly to: string;
  readonly problem: string | null;
}

interface Upgrade {
  readonly changed: boolean;
  readonly servers: readonly Row[];
}

interface Capacity {
  readonly memory: {
    readonly totalBytes: number;
    readonly promisedBytes: number;
    readonly freeBytes: number;
  };
  readonly users: readonly { readonly memoryBytes: number }[];
}

const mebibyte = 2 ** 20;
const names = ['ann', 'bob'] as const;
const working = ['node', '${package}/dist/index.js'];
const secret = { name: 'KEY', description: 'A key.', required: true };
const broken = ['node', '--eval', 'console.error("no good"); process.exit(3)'];

const disposals = new Disposals();
let template: OwnTemplate;
let tenancy: Tenancy;
let users: readonly AddedUser[];

beforeAll(async () => {
  template = disposals.add(await OwnTemplate.copyOf('memory', { secrets: [secret] }));
  tenancy = disposals.add(await Tenancy.open());
  const file = join(tenancy.home, 'value');
  await writeFile(file, 'value');
  const flags = ['--server', template.folder, '--secret', `KEY=@${file}`];
  users = await Promise.all(names.map((name) => tenancy.addUser(name, ...flags)));
}, 300_000);

afterAll(() => disposals.dispose(), 120_000);

/** The containers of this home, with their names. */
async function containers(): Promise<string[]> {
  const filter = `label=mcpd.instance=${await tenancy.instance()}`;
  const list = await tenancy.docker(
    'ps',
    '-a',
    '--filter',
    filter,
    '--format',
    '{{.ID}} {{.Names}}',
  );
  return list.split('\n').toSorted();
}

/** That each user's server answers at its old address, to its old token. */
async function expectAnswers(): Promise<void> {
  for (const { servers, token } of users) {
    await using client = await TestClient.connect(servers[0]?.url ?? '', token);
    expect(await client.call('read_graph')).toContain('entities');
  }
}

async function expectPlan(expected: readonly object[]): Promise<void> {
  const { users: plans } = await tenancy.json<{ users: { operations: object[] }[] }>(['plan']);
  expect(plans.flatMap(({ operations }) => operations)).toEqual(expected);
}

function key(name: string): string {
  return `${name}/${template.name}`;
}

/** What the audit says of the command before. */
async function lastRecord(): Promise<object | undefined> {
  const { records } = await tenancy.json<{ records: object[] }>(['audit', '--control']);
  return records.at(-1);
}

/** Runs a command that fails for some, and still gives its result. */
async function upgradeThatFails(flags: readonly string[]): Promise<Upgrade & { code: number }> {
  const { code, stdout } = await tenancy.run(['upgrade', ...flags, '--json']);
  return { code, ...(JSON.parse(stdout) as Upgrade) };
}

it('a template that changed changes no server until it is upgraded, and --dry-run says to what', async () => {
  const before = await containers();
  await template.change('template.json', { command: broken, secrets: [] });
  await expectPlan([]);
  expect(await tenancy.json(['up'])).toMatchObject({ changed: false });
  // What is said of them is of what they run with.
  expect(await tenancy.json(['secret', 'list', 'ann'])).toMatchObject({
    secrets: [{ name: 'KEY', servers: [key('ann')] }],
  });
  const { servers } = await tenancy.json<Upgrade>(['upgrade', '--all', '--dry-run']);
  expect(servers.map(({ server, outcome }) => [server, outcome])).toEqual([
    [key('ann'), 'due'],
    [key('bob'), 'due'],
  ]);
  for (const { from, to } of servers) expect(to).not.toBe(from);
  const { stdout: doctor } = await tenancy.run(['doctor']);
  expect(doctor).toContain(`there is a newer version for ${key('ann')}, ${key('bob')}`);
  expect(await containers()).toEqual(before);
});

it('one that does not get ready gives way to the container of before, and after a failed canary no more are begun', async () => {
  const before = await containers();
  const flags = ['--all', '--canary', '1', '--timeout', '20s'];
  const { code, changed, servers } = await upgradeThatFails(flags);
  expect({ code, changed }).toEqual({ code: 7, changed: false });
  expect(await lastRecord()).toMatchObject({ outcome: 'failed', code: 'PARTIAL_FAILURE' });
  expect(servers).toMatchObject([
    { server: key('ann'), outcome: 'rolled-back', problem: expect.stringContaining('no good') },
    { server: key('bob'), outcome: 'not-begun', problem: null },
  ]);
  expect(await containers()).toEqual(before);
  await expectAnswers();
  // With the secret too, which the new one had no use for.
  await expectPlan([]);
});

it('killed while the new one is tried, it is gone back on by the next up', async () => {
  const before = await containers();
  const upgrade = tenancy.start(['upgrade', 'bob']);
  const staged = `${key('bob').replace('/', '-')}.next`;
  const filter = `label=mcpd.instance=${await tenancy.instance()}`;
  await expect
    .poll(() => tenancy.docker('ps', '--filter', filter, '--format', '{{.Names}}'), {
      timeout: 60_000,
    })
    .toContain(staged);
  upgrade.kill('SIGKILL');
  expect(await containers()).toHaveLength(before.length + 1);

  const subject = key('bob');
  const back = [
    { type: 'server.remove', subject, cause: 'of a replacement that was given up' },
    { type: 'server.start', subject, cause: 'is exited' },
  ];
  await expectPlan(back);
  await tenancy.json(['up']);
  expect(await containers()).toEqual(before);
  await expectAnswers();
  await expectPlan([]);
});

it('one that gets ready takes over address and token, and there is nothing to upgrade then', async () => {
  const before = await containers();
  await template.change('template.json', {
    command: working,
    secrets: [secret],
    env: { NODE_ENV: 'test' },
  });
  const { servers } = await tenancy.json<Upgrade>(['upgrade', '--all', '--canary', '1']);
  expect(servers.map(({ outcome }) => outcome)).toEqual(['upgraded', 'upgraded']);
  const [{ from, to } = { from: '', to: '' }] = servers;
  const moved = { what: `server ${key('ann')} version`, before: from, after: to };
  expect(await lastRecord()).toMatchObject({
    outcome: 'ok',
    changes: expect.arrayContaining([moved]),
  });
  const after = await containers();
  expect(after.map((line) => line.split(' ')[1])).toEqual(
    expect.arrayContaining(before.map((line) => line.split(' ')[1])),
  );
  expect(after.filter((line) => before.includes(line))).toEqual([]);
  await expectAnswers();
  await expectPlan([]);
  expect(await tenancy.json(['upgrade', 'bob', '--template', template.folder])).toMatchObject({
    changed: false,
    servers: [{ outcome: 'unchanged' }],
  });
});

it.each([
  ['caps of running containers change', { more: 64, room: 96, change: {} }],
  ['containers are replaced', { more: 128, room: 160, change: { env: { NODE_ENV: 'other' } } }],
])(
  'of two whose newer versions take more memory than there is, one stays as it was: %s',
  async (_what, { more, room, change }) => {
    const { memory, users: promised } = await tenancy.json<Capacity>(['capacity']);
    const least = Math.min(...promised.map(({ memoryBytes }) => memoryBytes));
    await template.change('template.json', {
      ...change,
      limits: { memory: least + more * mebibyte },
    });
    const share = (memory.promisedBytes + room * mebibyte) / memory.totalBytes;
    await tenancy.json(['config', 'set', 'admission.memoryShare', String(share)]);
    const { code, servers } = await upgradeThatFails(['--all', '--parallel', '2']);
    expect(code).toBe(7);
    const upgraded = servers.filter(({ outcome }) => outcome === 'upgraded');
    const [other, ...others] = servers.filter((row) => !upgraded.includes(row));
    expect({ upgraded: upgraded.length, others }).toEqual({ upgraded: 1, others: [] });
    expect(other?.problem).toContain('would need');
    const { memory: after } = await tenancy.json<Capacity>(['capacity']);
    expect(after.freeBytes).toBeGreaterThanOrEqual(0);
    await expectAnswers();
    await expectPlan([]);
  },
);

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ApplyResult } from '../../src/apply/result.ts';
import { TestClient } from '../support/client.ts';
import { insideServer, inspectServer } from '../support/inside.ts';
import { snapshot } from '../support/snapshot.ts';
import { Tenancy } from '../support/tenancy.ts';

interface Audited {
  readonly records: readonly { readonly command: string; readonly changes: readonly object[] }[];
}

interface Status {
  readonly servers: readonly { readonly user: string; readonly state: string }[];
}

const laboratory = join(import.meta.dirname, '../fixtures/laboratory');
const mebibyte = 2 ** 20;
let tenancy: Tenancy;

beforeAll(async () => {
  tenancy = await Tenancy.open();
});

afterAll(() => tenancy[Symbol.asyncDispose](), 120_000);

interface Options {
  readonly memory?: string;
  readonly key?: string;
  readonly others?: string;
}

/** Writes the document of this test where commands run. */
async function write({ memory = '200m', key = 'first', others = '' }: Options): Promise<string> {
  await writeFile(join(tenancy.home, 'key.txt'), `${key}\n`);
  const text = `version: 1
templates: { laboratory: ${laboratory} }
images: [memory, laboratory]
groups: { students: { memory: ${memory} } }
users:
  bob: { group: students, servers: [memory] }
  alice:
    servers: [laboratory]
    secrets:
      FIRST_KEY: { command: [cat, key.txt] }
${others}`;
  await writeFile(join(tenancy.home, 'tenants.yaml'), text);
  return 'tenants.yaml';
}

async function apply(options: Options, ...flags: string[]): Promise<ApplyResult> {
  return tenancy.json<ApplyResult>(['apply', '-f', await write(options), ...flags]);
}

/** Whether an image is there already is another test's doing. */
function names({ operations }: ApplyResult): string[] {
  const others = operations.filter(({ type }) => type !== 'image.build');
  return others.map(({ type, subject }) => `${type} ${subject}`);
}

/** What alice's server has as its key. */
async function keyInside(): Promise<string | undefined> {
  const { value } = await tenancy.json<{ value: string }>(['token', 'rotate', 'alice', 'test']);
  const { servers } = await tenancy.json<{ servers: { url: string }[] }>(['user', 'show', 'alice']);
  await using client = await TestClient.connect(servers[0]?.url ?? '', value);
  return await insideServer(client, () => process.env['FIRST_KEY']);
}

const carol = '  carol: { servers: [memory] }\n';

describe('apply', () => {
  it('makes groups, users, servers and secrets as the document says, and then nothing more', async () => {
    const made = await apply({ others: carol });
    expect(names(made)).toEqual([
      'group.create students',
      'user.create bob',
      'server.add bob/memory',
      'user.create alice',
      'secret.set alice/FIRST_KEY',
      'server.add alice/laboratory',
      'user.create carol',
      'server.add carol/memory',
    ]);
    const { servers } = await tenancy.json<Status>(['status']);
    expect(servers.map(({ state }) => state)).toEqual(['running', 'running', 'running']);
    expect(await tenancy.json(['token', 'list', 'bob'])).toMatchObject({ tokens: [] });
    await tenancy.json(['token', 'create', 'alice', '--name', 'test']);
    expect(await keyInside()).toBe('first');

    const before = await snapshot(tenancy);
    expect(await apply({ others: carol })).toMatchObject({ changed: false, operations: [] });
    // Images that are there are not said to be built.
    const { stdout, stderr } = await tenancy.run(['apply', '-f', await write({ others: carol })]);
    expect({ stdout, stderr }).toEqual({ stdout: 'Nothing changed.\n', stderr: '' });
    expect(await snapshot(tenancy)).toEqual(before);
  });

  it('changes what changed, live where it can, mends the rest and leaves strangers alone', async () => {
    const { Id } = await inspectServer(tenancy, 'bob', 'memory');
    const others = '  carol:\n    servers: [memory]\n    policy: { pids: 99 }\n';
    await tenancy.json(['user', 'add', 'eve', '--server', 'memory', '--no-start']);
    const changed = await apply({ memory: '210m', key: 'second', others });
    expect(names(changed)).toEqual([
      'group.update students',
      'secret.set alice/FIRST_KEY',
      'server.restart alice/laboratory',
      'user.update carol',
    ]);
    expect(changed.unlisted).toEqual({ users: ['eve'], groups: [] });
    const bob = await inspectServer(tenancy, 'bob', 'memory');
    expect(bob.Id).toBe(Id);
    expect(await tenancy.docker('inspect', '-f', '{{.HostConfig.Memory}}', Id)).toBe(
      String(210 * mebibyte),
    );
    expect(await keyInside()).toBe('second');

    await tenancy.docker('rm', '-f', Id);
    const mended = await apply({ memory: '210m', key: 'second', others });
    expect(names(mended)).toEqual(['server.create bob/memory', 'server.start bob/memory']);
  });

  it('goes on when users fail, says what was done, what failed and why, and exits with 7', async () => {
    const others = `\
  carol: { servers: [] }
  dave: { servers: [memory], policy: { cpus: 1000 } }
  fay: { servers: [memory] }
`;
    const file = await write({ memory: '210m', key: 'second', others });
    const { code, stdout } = await tenancy.run(['apply', '-f', file, '--timeout', '1ms', '--json']);
    expect(code).toBe(7);
    const { operations, failures } = JSON.parse(stdout) as ApplyResult;
    expect(operations.map(({ type, subject, outcome }) => `${type} ${subject} ${outcome}`)).toEqual(
      [
        'user.update carol done',
        'server.remove carol/memory done',
        'user.create dave failed',
        'server.add dave/memory not-tried',
        'user.create fay done',
        'server.add fay/memory failed',
      ],
    );
    expect(failures).toMatchObject([
      { kind: 'user', name: 'dave', problem: expect.stringContaining('1000 processors') as string },
      { kind: 'user', name: 'fay', code: 'NOT_READY' },
    ]);
    expect(await tenancy.json(['server', 'list', 'carol'])).toMatchObject({ servers: [] });
  });

  it('with --prune removes whom the document does not list, and keeps their workspaces', async () => {
    const pruned = await apply({ memory: '210m', key: 'second' }, '--prune', '--yes');
    expect(names(pruned)).toEqual(['user.remove carol', 'user.remove eve', 'user.remove fay']);
    const { records } = await tenancy.json<Audited>(['audit', '--control']);
    expect(records.at(-1)).toMatchObject({
      command: 'mcpd apply --file --prune --yes --json',
      changes: expect.arrayContaining([
        expect.objectContaining({ what: 'user carol uid', after: null }),
      ]) as object[],
    });
    expect(await tenancy.json(['user', 'list'])).toMatchObject({
      users: [{ name: 'alice' }, { name: 'bob' }],
    });
  });
});

describe('export', () => {
  it('writes what changes nothing here, and makes the same in another home', async () => {
    const { stdout: text } = await tenancy.run(['export', 'alice']);
    expect(text).not.toContain('second');
    expect(await tenancy.json(['apply', '-f', '-'], text)).toMatchObject({ changed: false });
    await using elsewhere = await Tenancy.open({}, { env: { ALICE_FIRST_KEY: 'second' } });
    expect(await elsewhere.json(['apply', '-f', '-'], text)).toMatchObject({ changed: true });
    expect((await elsewhere.run(['export'])).stdout).toBe(text);
  });
});

import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BridgePolicy } from '../../src/policy/bridge-policy.ts';
import { TestClient } from '../support/client.ts';
import { besideServer, inspectServer } from '../support/inside.ts';
import { OwnTemplate } from '../support/own-template.ts';
import { allProcessors, firstProcessor } from '../support/processors.ts';
import { snapshot } from '../support/snapshot.ts';
import { Tenancy, type AddedUser } from '../support/tenancy.ts';

interface Capacity {
  readonly memory: { readonly totalBytes: number; readonly promisedBytes: number };
}

interface Row {
  readonly setting: string;
  readonly value: unknown;
  readonly from: string | null;
}

const mebibyte = 2 ** 20;
let tenancy: Tenancy;
let bob: AddedUser;

beforeAll(async () => {
  tenancy = await Tenancy.open();
  await tenancy.json(['group', 'create', 'students', '--memory', '256m', '--max-risk', 'medium']);
  bob = await tenancy.addUser('bob', '--group', 'students', '--server', 'memory');
}, 300_000);

afterAll(() => tenancy[Symbol.asyncDispose](), 120_000);

/** What the bridge of a server reads: its container's root sees the file, its tenant must not. */
async function policyInside(server: string): Promise<BridgePolicy> {
  const container = await tenancy.containerOf('bob', server);
  const read = `process.stdout.write(fs.readFileSync('/run/mcpd/policy.json'))`;
  return JSON.parse(await tenancy.docker('exec', container, 'node', '-e', read)) as BridgePolicy;
}

function memoryLimit(key: string): Promise<string> {
  return besideServer(tenancy, key, () => {
    const { existsSync, readFileSync } = process.getBuiltinModule('node:fs');
    const legacy = '/sys/fs/cgroup/memory/memory.limit_in_bytes';
    return readFileSync(existsSync(legacy) ? legacy : '/sys/fs/cgroup/memory.max', 'utf8').trim();
  });
}

async function effective(name: string): Promise<ReadonlyMap<string, readonly unknown[]>> {
  const command = ['user', 'show', name, '--effective'];
  const shown = await tenancy.json<{ effective: { user: readonly Row[] } }>(command);
  return new Map(shown.effective.user.map(({ setting, value, from }) => [setting, [value, from]]));
}

describe('a group', () => {
  it('has its limits changed live, and its policy at once, under a client that stays connected', async () => {
    await using client = await TestClient.connect(bob.servers[0]?.url ?? '', bob.token);
    const { Id, State } = await inspectServer(tenancy, 'bob', 'memory');
    expect(await memoryLimit('bob/memory')).toBe(String(256 * mebibyte));
    expect(await policyInside('memory')).toMatchObject({ groups: ['students'] });

    const change = ['--memory', '300m', '--deny-tool', 'delete_*', '--rate', '600'];
    const updated = await tenancy.json(['group', 'update', 'students', ...change]);
    expect(updated).toMatchObject({
      changed: true,
      users: [{ user: 'bob', operations: [{ type: 'server.update', subject: 'bob/memory' }] }],
    });
    expect(await memoryLimit('bob/memory')).toBe(String(300 * mebibyte));
    expect(await policyInside('memory')).toMatchObject({
      tools: { allow: null, deny: ['delete_*'] },
      userRate: { perMinute: 600, burst: 10 },
    });
    const after = await inspectServer(tenancy, 'bob', 'memory');
    expect([after.Id, after.State.StartedAt]).toEqual([Id, State.StartedAt]);
    expect(await client.call('read_graph')).toContain('entities');
    await expect(
      besideServer(tenancy, 'bob/memory', () => {
        const { readFileSync } = process.getBuiltinModule('node:fs');
        return readFileSync('/run/mcpd/policy.json', 'utf8');
      }),
    ).rejects.toThrow('EACCES');
  });

  it('asked again for the same changes nothing', async () => {
    const before = await snapshot(tenancy);
    const again = [
      ['group', 'update', 'students', '--memory', '300m'],
      ['group', 'add', 'students', 'bob'],
      ['user', 'update', 'bob', '--group', 'students'],
    ];
    for (const command of again) {
      expect(await tenancy.json(command), command.join(' ')).toMatchObject({ changed: false });
    }
    expect(await snapshot(tenancy)).toEqual(before);
  });

  it('is left and joined by a running user, whose own values go before it', async () => {
    expect((await effective('bob')).get('memory')).toEqual([300 * mebibyte, 'group']);
    await tenancy.json(['user', 'update', 'bob', '--memory', '200m']);
    expect((await effective('bob')).get('memory')).toEqual([200 * mebibyte, 'user']);
    await tenancy.json(['config', 'set', 'maximum.memory', '190m']);
    expect((await effective('bob')).get('memory')).toEqual([190 * mebibyte, 'maximum']);
    const tooMuch = await tenancy.fails(['user', 'update', 'bob', '--memory', '191m']);
    expect(tooMuch).toMatchObject({ exit: 8, code: 'ABOVE_MAXIMUM' });
    await tenancy.json(['config', 'set', 'maximum.memory', 'none']);
    await tenancy.json(['user', 'update', 'bob', '--unset', 'memory']);
    expect(await memoryLimit('bob/memory')).toBe(String(300 * mebibyte));

    await tenancy.json(['group', 'drop', 'students', 'bob']);
    expect(await memoryLimit('bob/memory')).toBe(String(512 * mebibyte));
    expect(await policyInside('memory')).toMatchObject({ groups: [], userRate: null });
    await tenancy.json(['group', 'add', 'students', 'bob']);
    expect(await policyInside('memory')).toMatchObject({ groups: ['students'] });
    expect(await tenancy.fails(['group', 'remove', 'students'])).toMatchObject({
      exit: 4,
      code: 'GROUP_HAS_MEMBERS',
      message: 'The group "students" has members: bob.',
    });
  });

  it('takes a whole policy from a file, and says what is wrong with one', async () => {
    const file = join(tenancy.home, 'policy.json');
    await writeFile(file, '{"servers": 2, "templates": {"memory": {"maxTools": 3}}}');
    await tenancy.json(['group', 'create', 'guests', '--policy', `@${file}`, '--egress', 'none']);
    const { group } = await tenancy.json<{ group: { policy: object } }>([
      'group',
      'show',
      'guests',
    ]);
    expect(group.policy).toEqual({
      servers: 2,
      templates: { memory: { maxTools: 3 } },
      egress: 'none',
    });
    const printed = JSON.stringify(group.policy);
    const again = await tenancy.json(['group', 'update', 'guests', '--policy', '-'], printed);
    expect(again).toMatchObject({ changed: false });
    const wrong = ['group', 'update', 'guests', '--policy', '-'];
    expect(await tenancy.fails(wrong, '{"maxTools": "many"}')).toMatchObject({
      exit: 2,
      code: 'POLICY_INVALID',
    });
    expect(await readFile(file, 'utf8')).toContain('servers');
  });
});

it.each<[string, string, string]>([
  ['limits', `${firstProcessor},1000`, firstProcessor],
  ['maximum', '1000-1001', allProcessors],
])(
  'of the processors in %s.cpuset, %s, servers have those that the engine has',
  async (part, list, kept) => {
    const setting = `${part}.cpuset`;
    const processors = async () =>
      (await inspectServer(tenancy, 'bob', 'memory')).HostConfig.CpusetCpus;
    await tenancy.json(['config', 'set', setting, list]);
    await tenancy.json(['up', 'bob']);
    expect(await processors()).toBe(kept);
    expect(await tenancy.json(['up', 'bob'])).toMatchObject({ changed: false });
    // It may find something else that is worse.
    const { stdout } = await tenancy.run(['doctor']);
    expect(stdout).toMatch(/^warn +processors .* lacks some of the cpuset of bob/m);
    await tenancy.json(['config', 'set', setting, 'none']);
    await tenancy.json(['up', 'bob']);
    expect(await processors()).toBe(allProcessors);
  },
);

describe('a change of a group', () => {
  it('that one member can’t follow holds for the others, ends with exit code 7, and is finished by up', async () => {
    await using template = await OwnTemplate.copyOf('memory');
    await tenancy.json(['group', 'create', 'pair', '--memory', '250m']);
    const add = (name: string, server: string) =>
      tenancy.addUser(name, '--group', 'pair', '--server', server, '--no-start');
    await add('gil', 'memory');
    await add('hal', template.folder);
    const elsewhere = `${template.folder}-elsewhere`;
    await rename(template.folder, elsewhere);
    try {
      const update = ['group', 'update', 'pair', '--memory', '260m'];
      const failure = await tenancy.fails(update);
      expect(failure).toMatchObject({ exit: 7, code: 'PARTIAL_FAILURE' });
      expect(failure.message).toContain('1 of 2 users failed:\n  hal: ');
      expect(failure.suggestions).toContainEqual(expect.stringMatching(/^mcpd up/));
    } finally {
      await rename(elsewhere, template.folder);
    }
    for (const name of ['gil', 'hal']) {
      expect((await effective(name)).get('memory')).toEqual([260 * mebibyte, 'group']);
    }
    expect((await tenancy.run(['up', 'gil', 'hal'])).code).toBe(0);
    for (const name of ['gil', 'hal']) await tenancy.json(['user', 'remove', name, '--yes']);
  });
});

describe('what is refused', () => {
  const refused = (exit: number, code: string) => expect.objectContaining({ exit, code });

  it('changes nothing: a server too many, a template too risky, memory that is promised already', async () => {
    await tenancy.json(['group', 'update', 'students', '--max-servers', '1']);
    const { memory } = await tenancy.json<Capacity>(['capacity']);
    expect(memory.promisedBytes).toBe(300 * mebibyte);
    const before = await snapshot(tenancy);

    expect(await tenancy.fails(['server', 'add', 'bob/everything'])).toMatchObject({
      exit: 8,
      code: 'SERVERS_QUOTA',
      message: 'bob would have 2 servers, of at most 1.',
    });
    expect(await tenancy.fails(['server', 'add', 'bob/filesystem'])).toEqual(
      refused(8, 'RISK_TOO_HIGH'),
    );
    const alice = ['user', 'add', 'alice', '--group', 'students'];
    expect(await tenancy.fails(alice)).toEqual(refused(8, 'RISK_TOO_HIGH'));
    expect(
      await tenancy.fails(['user', 'add', 'alice', '--server', 'memory', '--group', 'no']),
    ).toEqual(refused(3, 'GROUP_NOT_FOUND'));
    const withTemplate = [...alice, '--server', 'memory', '--allow-template', 'everything'];
    expect(await tenancy.fails(withTemplate)).toEqual(refused(8, 'TEMPLATE_NOT_ALLOWED'));
    expect(await snapshot(tenancy)).toEqual(before);

    // Room for bob, and for less than one more.
    const share = String((500 * mebibyte) / memory.totalBytes);
    await tenancy.json(['config', 'set', 'admission.memoryShare', share]);
    const tooMuch = {
      exit: 8,
      code: 'ADMISSION_MEMORY',
      message: 'alice would need 300MiB; 300MiB of 500MiB are promised.',
    };
    const add = [...alice, '--server', 'memory'];
    expect(await tenancy.fails(add)).toMatchObject(tooMuch);
    expect(await tenancy.fails(['group', 'update', 'students', '--memory', '501m'])).toEqual(
      refused(8, 'ADMISSION_MEMORY'),
    );
    await tenancy.json([...add, '--no-start']);
    expect(await tenancy.fails(['start', 'alice'])).toMatchObject(tooMuch);
    await tenancy.json(['stop', 'bob']);
    expect(await tenancy.json(['start', 'alice'])).toMatchObject({ servers: [{ ready: true }] });
    expect(await tenancy.fails(['start', 'bob'])).toEqual(refused(8, 'ADMISSION_MEMORY'));
    await tenancy.json(['config', 'set', 'admission.memoryShare', '1']);
    expect(await tenancy.json(['start', 'bob'])).toMatchObject({ servers: [{ ready: true }] });
  });

  it('can be approved by an administrator, on record until the server goes', async () => {
    await tenancy.json(['group', 'update', 'students', '--max-servers', '2']);
    const add = ['server', 'add', 'bob/filesystem', '--approve', 'needs the archive'];
    const stranger = tenancy.with({ env: { SUDO_USER: 'eve' } });
    expect(await stranger.fails(add)).toEqual(refused(8, 'NOT_AN_ADMINISTRATOR'));
    await tenancy.with({ env: { SUDO_USER: '' } }).json(add);
    const show = ['user', 'show', 'bob'];
    expect(await tenancy.json(show)).toMatchObject({
      approvals: [
        {
          template: 'filesystem',
          risk: 'high',
          reason: 'needs the archive',
          approvedBy: 'root',
        },
      ],
    });
    expect((await tenancy.run(show)).stdout).toContain('needs the archive');
    await tenancy.json(['server', 'remove', 'bob/filesystem', '--yes']);
    expect(await tenancy.json(show)).toMatchObject({ approvals: [] });
  });
});

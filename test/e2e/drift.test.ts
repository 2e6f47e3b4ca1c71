import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestClient } from '../support/client.ts';
import { Disposals } from '../support/disposals.ts';
import { inspectServer } from '../support/inside.ts';
import { firstProcessor, isSingle } from '../support/processors.ts';
import { Tenancy, type AddedUser } from '../support/tenancy.ts';

interface Operation {
  readonly type: string;
  readonly subject: string;
  readonly cause: string;
}

interface Plan {
  readonly users: readonly { readonly user: string; readonly operations: readonly Operation[] }[];
}

const server = 'bob/filesystem';

const disposals = new Disposals();
let tenancy: Tenancy;
let bob: AddedUser;

beforeAll(async () => {
  tenancy = disposals.add(await Tenancy.open());
  bob = await tenancy.addUser('bob', '--memory', '400m');
}, 300_000);

afterAll(() => disposals.dispose(), 120_000);

async function operations(on: Tenancy, ...args: string[]): Promise<readonly Operation[]> {
  const { users } = await on.json<Plan>(args);
  return users.find(({ user }) => user === 'bob')?.operations ?? [];
}

/** Id and name of the container, and the folder of its run-time files. */
async function container(): Promise<{ id: string; name: string; folder: string }> {
  const { Id: id, Name: name, Config } = await inspectServer(tenancy, 'bob', 'filesystem');
  const folder = join(await tenancy.runtime(), Config.Labels['mcpd.server-id'] ?? '');
  return { id, name: name.slice(1), folder };
}

type Damage = (at: { id: string; name: string; folder: string }) => Promise<unknown>;

const docker =
  (line: (id: string) => string): Damage =>
  ({ id }) =>
    tenancy.docker(...line(id).split(' '));

const keptToOne: [string, Damage, [string, string][]] = [
  'kept it to one processor',
  docker((id) => `update --cpuset-cpus ${firstProcessor} ${id}`),
  [['server.update', `cpuset ${firstProcessor} → all, live`]],
];

describe('what somebody did behind its back, plan names with its cause, and up mends', () => {
  it.each<[string, Damage, readonly [type: string, cause: string, subject?: string][]]>([
    [
      'removed a container',
      docker((id) => `rm --force ${id}`),
      [
        ['server.create', 'not found'],
        ['server.start', 'created'],
      ],
    ],
    [
      'changed its cap',
      docker((id) => `update --memory 300m --memory-swap 300m ${id}`),
      [['server.update', 'memory 300m → 400m, live']],
    ],
    // Where there is only one, that is all of them.
    ...(isSingle ? [] : [keptToOne]),
    [
      'let it swap, and took its restart policy away',
      docker((id) => `update --memory-swap 800m --restart no ${id}`),
      [['server.update', 'swap on → off, restart no → unless-stopped, live']],
    ],
    ['stopped it', docker((id) => `stop ${id}`), [['server.start', 'is exited']]],
    ['paused it', docker((id) => `pause ${id}`), [['server.start', 'is paused']]],
    [
      'renamed it',
      docker((id) => `rename ${id} ${id.slice(0, 12)}-renamed`),
      [['server.rename', expect.stringContaining('-renamed') as string]],
    ],
    [
      'disconnected it from its network',
      docker((id) => `network disconnect --force ${bob.user.network.name} ${id}`),
      [
        ['server.replace', 'not connected to its network'],
        ['server.start', 'replaced'],
      ],
    ],
    [
      'removed its network',
      async ({ id }) => {
        const { name } = bob.user.network;
        await tenancy.docker('network', 'disconnect', '--force', name, id);
        await tenancy.docker('network', 'rm', name);
      },
      [
        ['network.create', 'not found', 'network'],
        ['server.replace', 'not connected to its network'],
        ['server.start', 'replaced'],
      ],
    ],
    [
      'removed its run-time folder',
      ({ folder }) => rm(folder, { recursive: true }),
      [
        ['server.stop', 'its run-time folder was gone'],
        ['server.start', 'its run-time folder was gone'],
      ],
    ],
    [
      'changed its policy',
      async ({ folder }) => {
        await rm(join(folder, 'policy.json'));
        await writeFile(join(folder, 'policy.json'), '{}');
      },
      [['files.write', 'not what the registry says: policy.json']],
    ],
  ])('%s', async (_what, damage, expected) => {
    const before = await container();
    await damage(before);
    const planned = expected.map(([type, cause, subject]) => ({
      type,
      subject: subject === undefined ? server : bob.user.network.name,
      cause,
    }));
    expect(await operations(tenancy, 'plan', 'bob')).toEqual(planned);
    expect(await operations(tenancy, 'up')).toEqual(planned);
    expect(await operations(tenancy, 'plan', 'bob')).toEqual([]);
    expect(await container()).toMatchObject({ name: before.name, folder: before.folder });
    await using client = await TestClient.connect(bob.servers[0]?.url ?? '', bob.token);
    expect(await client.call('list_allowed_directories')).toContain('/workspace');
  });

  // On a network namespace of its own, so that the rules of others stay. No port is reached from there.
  it('flushed the firewall, or took a bridge out of it', async () => {
    const namespace = `mcpd-test-${randomBytes(4).toString('hex')}`;
    execFileSync('ip', ['netns', 'add', namespace]);
    try {
      const inside = ['nsenter', `--net=/run/netns/${namespace}`];
      const there = tenancy.with({ inside });
      const nft = (line: string) => execFileSync('nsenter', [...inside.slice(1), 'nft', line]);
      const set = (cause: string) => [{ type: 'firewall.set', subject: 'bob', cause }];
      const mend = async (cause: string) => {
        expect(await operations(there, 'plan', 'bob')).toEqual(set(cause));
        expect(await operations(there, 'up', 'bob', '--no-wait')).toEqual(set(cause));
        expect(await operations(there, 'plan', 'bob')).toEqual([]);
      };
      await mend('there is no table inet mcpd');
      nft('flush ruleset');
      await mend('there is no table inet mcpd');
      nft('flush set inet mcpd public');
      await mend('none → public');
      nft('flush chain inet mcpd forward');
      await mend('somebody changed the rules of chain forward');
    } finally {
      execFileSync('ip', ['netns', 'delete', namespace]);
    }
  });
});

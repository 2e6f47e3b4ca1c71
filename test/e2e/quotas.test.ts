import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestClient } from '../support/client.ts';
import { insideServer } from '../support/inside.ts';
import { Tenancy, type AddedUser } from '../support/tenancy.ts';

const laboratory = join(import.meta.dirname, '../fixtures/laboratory');
const isRoot = process.getuid?.() === 0;
const stack = new AsyncDisposableStack();
let tenancy: Tenancy;

/** bob and alice are held to quotas; carol is their neighbour. */
let bob: Tenant;
let alice: Tenant;
let carol: Tenant;

interface Tenant {
  readonly added: AddedUser;
  readonly client: TestClient;
}

beforeAll(async () => {
  tenancy = stack.use(await Tenancy.open());
  const caps = ['--max-sessions', '5', ...(isRoot ? ['--storage', '24m'] : [])];
  const lab = ['--server', laboratory, ...caps];
  const users = await Promise.all([
    tenancy.addUser('bob', ...lab),
    tenancy.addUser('alice', ...lab, '--secret', `FIRST_KEY=@${await secretFile()}`),
    tenancy.addUser('carol', '--server', 'memory'),
  ]);
  [bob, alice, carol] = (await Promise.all(
    users.map(async (added) => ({ added, client: stack.use(await connect(added)) })),
  )) as [Tenant, Tenant, Tenant];
}, 300_000);

afterAll(() => stack.disposeAsync(), 120_000);

const canary = 'alices-own-secret-7c41';

async function secretFile(): Promise<string> {
  const file = join(tenancy.home, 'canary');
  await writeFile(file, canary, { mode: 0o600 });
  return file;
}

function connect({ servers, token }: AddedUser): Promise<TestClient> {
  return TestClient.connect(servers[0]?.url ?? '', token);
}

/** Calls without a pause until it is told to stop; each call must succeed. Gives how many there were. */
function callAllTheTime(client: TestClient): { stop: () => Promise<number> } {
  const over = new AbortController();
  const calling = (async () => {
    let answers = 0;
    for (; !over.signal.aborted; answers += 1) await client.call('read_graph');
    return answers;
  })();
  // Its failure is thrown by `stop`.
  calling.catch(() => undefined);
  return {
    stop: () => {
      over.abort();
      return calling;
    },
  };
}

/** Why each call was refused: the HTTP status, or the code of MCP; `ok` for one that wasn't. */
async function ends(calls: readonly Promise<unknown>[]): Promise<(string | number)[]> {
  const settled = await Promise.allSettled(calls);
  return settled.map((one) =>
    one.status === 'fulfilled' ? 'ok' : ((one.reason as { code?: number }).code ?? 'unknown'),
  );
}

function sorted(list: readonly (string | number)[]): string {
  return list.map(String).toSorted().join(' ');
}

/** A call that waits in the server until `letGo`. */
function hold(client: TestClient): Promise<unknown> {
  return insideServer(client, async () => {
    const { existsSync, writeFileSync } = process.getBuiltinModule('node:fs');
    const timers = process.getBuiltinModule('node:timers/promises');
    writeFileSync(`/workspace/held-${process.pid}-${process.hrtime.bigint()}`, '');
    while (!existsSync('/workspace/go')) await timers.setTimeout(20);
  });
}

async function heldIn({ user }: AddedUser): Promise<number> {
  return (await readdir(user.workspace)).filter((name) => name.startsWith('held-')).length;
}

/** Lets held calls end. */
async function letGo({ user }: AddedUser): Promise<void> {
  await writeFile(join(user.workspace, 'go'), '');
}

async function forget({ user }: AddedUser): Promise<void> {
  const names = await readdir(user.workspace);
  const ours = names.filter((name) => name === 'go' || name.startsWith('held-'));
  for (const name of ours) await rm(join(user.workspace, name));
}

/** Codes of the first calls that fail, while the others may still be waiting. */
async function firstFailures(calls: readonly Promise<unknown>[], count: number) {
  const { promise, resolve } = Promise.withResolvers<(number | undefined)[]>();
  const codes: (number | undefined)[] = [];
  for (const call of calls) {
    call.catch((error: { code?: number }) => {
      if (codes.push(error.code) === count) resolve(codes);
    });
  }
  return promise;
}

/** Of the laboratory's resources and prompts. */
const labels = ['first', 'second'];

function readResource({ client }: TestClient, name: string): Promise<unknown> {
  return client.readResource({ uri: `lab:///${name}` });
}

interface Quota {
  readonly name: string;
  readonly flags: readonly string[];
  readonly unset: readonly string[];
  /** Drives one user to the limit, and says what came of it. */
  readonly drive: (tenant: Tenant) => Promise<unknown>;
  readonly outcome: unknown;
}

const quotas: readonly Quota[] = [
  {
    name: 'requests a minute, and how many at once',
    flags: ['--rate', '6', '--burst', '5'],
    unset: ['requestsPerMinute', 'burst'],
    drive: async ({ client }) =>
      sorted(await ends(Array.from({ length: 8 }, () => client.call('spare')))),
    outcome: '429 429 429 ok ok ok ok ok',
  },
  {
    name: 'calls in flight, and how many wait',
    flags: ['--concurrency', '2', '--queue', '1'],
    unset: ['concurrency', 'queue'],
    drive: async ({ added, client }) => {
      const calls = Array.from({ length: 5 }, () => hold(client));
      // Those too many are refused at once, so that nobody is let go before.
      const refused = await firstFailures(calls, 2);
      await letGo(added);
      return [refused, sorted(await ends(calls))];
    },
    outcome: [[429, 429], '429 429 ok ok ok'],
  },
  {
    name: 'sessions',
    // Since they were added: containers are made again for it.
    flags: [],
    unset: [],
    drive: async ({ added, client }) => {
      // An idle one would make room.
      const opened = [];
      for (let count = 0; count < 4; count += 1) opened.push(await connect(added));
      const calls = [client, ...opened].map(hold);
      await expect.poll(() => heldIn(added), { timeout: 20_000 }).toBe(5);
      const refused = await ends([connect(added)]);
      await letGo(added);
      const went = await ends(calls);
      for (const one of opened) await one[Symbol.asyncDispose]();
      return [refused, went];
    },
    outcome: [[503], ['ok', 'ok', 'ok', 'ok', 'ok']],
  },
  {
    name: 'tools',
    flags: ['--max-tools', '1'],
    unset: ['maxTools'],
    drive: async ({ client }) => {
      const { tools } = await client.client.listTools();
      return [tools.map(({ name }) => name), await ends([client.call('spare')])];
    },
    outcome: [['run'], [-32602]],
  },
  {
    name: 'tools by name',
    flags: ['--deny-tool', 'sp*'],
    unset: ['tools'],
    drive: async ({ client }) => {
      const { tools } = await client.client.listTools();
      return [tools.map(({ name }) => name), await ends([client.call('spare')])];
    },
    outcome: [['run'], [-32602]],
  },
  {
    name: 'resources',
    flags: ['--max-resources', '1'],
    unset: ['maxResources'],
    // Not listed before.
    drive: ({ client }) => ends(labels.map((name) => readResource(client, name))),
    outcome: ['ok', -32002],
  },
  {
    name: 'resources by URI',
    flags: ['--allow-resource', 'lab:///s*'],
    unset: ['resources'],
    drive: async ({ client }) => {
      const { resources } = await client.client.listResources();
      const read = labels.map((name) => readResource(client, name));
      return [resources.map(({ uri }) => uri), await ends(read)];
    },
    outcome: [['lab:///second'], [-32002, 'ok']],
  },
  {
    name: 'prompts by name',
    flags: ['--deny-prompt', 'second'],
    unset: ['prompts'],
    drive: async ({ client }) => {
      const { prompts } = await client.client.listPrompts();
      const got = labels.map((name) => client.client.getPrompt({ name }));
      return [prompts.map(({ name }) => name), await ends(got)];
    },
    outcome: [['first'], ['ok', -32602]],
  },
  ...(isRoot
    ? [
        {
          name: 'storage',
          flags: [],
          unset: [],
          drive: ({ client }: Tenant) =>
            insideServer(client, () => {
              const { rmSync, writeFileSync } = process.getBuiltinModule('node:fs');
              try {
                writeFileSync('/workspace/large', Buffer.alloc(2 ** 25, 1));
                return 'written';
              } catch (error) {
                return (error as NodeJS.ErrnoException).code ?? '';
              } finally {
                rmSync('/workspace/large', { force: true });
              }
            }),
          outcome: 'ENOSPC',
        },
      ]
    : []),
];

describe('a quota that two users drive to its limit at once holds for each, and their neighbour has every call answered', () => {
  it.each(quotas)('$name', async ({ flags, unset, drive, outcome }) => {
    const both = [bob, alice];
    const update = (...more: string[]) =>
      Promise.all(
        both.map(({ added }) => tenancy.json(['user', 'update', added.user.name, ...more])),
      );
    if (flags.length > 0) await update(...flags);
    const neighbour = callAllTheTime(carol.client);
    expect(await Promise.all(both.map(drive))).toEqual([outcome, outcome]);
    expect(await neighbour.stop()).toBeGreaterThan(0);
    await Promise.all(both.map(({ added }) => forget(added)));
    if (unset.length > 0) await update(...unset.flatMap((field) => ['--unset', field]));
    expect(await ends(both.map(({ client }) => client.call('spare')))).toEqual(['ok', 'ok']);
  });
});

describe('the process of a server', () => {
  it('cannot change its policy, tokens, audit, usage or rates, nor find another’s secret', async () => {
    const answers = await insideServer(bob.client, () => {
      const fs = process.getBuiltinModule('node:fs');
      const code = (act: () => unknown): string => {
        try {
          act();
          return 'done';
        } catch (error) {
          return (error as NodeJS.ErrnoException).code ?? '';
        }
      };
      const folders = ['/run/mcpd', '/run/mcpd-user', '/var/log/mcpd'];
      const files = [
        ...['policy.json', 'tokens.json', 'bridge.json', 'issuer.json'].map(
          (name) => `/run/mcpd/${name}`,
        ),
        ...['audit.jsonl', 'usage.now', 'usage.jsonl'].map((name) => `/var/log/mcpd/${name}`),
        ...['1', 'rate-1', 'slot-1'].map((name) => `/run/mcpd-user/${name}`),
      ];
      return [
        ...files.flatMap((file) => [
          code(() => fs.readFileSync(file)),
          code(() => fs.writeFileSync(file, '{}')),
          code(() => fs.unlinkSync(file)),
          code(() => fs.renameSync(file, `${file}.old`)),
          code(() => fs.symlinkSync('/dev/null', file)),
          code(() => fs.chmodSync(file, 0o777)),
        ]),
        ...folders.flatMap((folder) => [
          code(() => fs.readdirSync(folder)),
          code(() => fs.mkdtempSync(`${folder}/`)),
          code(() => fs.chmodSync(folder, 0o777)),
          code(() => fs.chownSync(folder, process.getuid?.() ?? 0, process.getgid?.() ?? 0)),
          code(() => fs.renameSync(folder, `${folder}.old`)),
        ]),
      ];
    });
    for (const answer of answers) expect(['EACCES', 'EPERM', 'EROFS', 'EBUSY']).toContain(answer);
    // What alice's server was given is in alice's, and nowhere in bob's that bob's can read.
    expect(await insideServer(alice.client, () => process.env['FIRST_KEY'])).toBe(canary);
    const find = ({ client }: Tenant) =>
      insideServer(client, findText, canary.slice(0, 10), canary.slice(10));
    expect(await find(alice)).toContainEqual(expect.stringMatching(/^\/proc\/\d+\/environ$/));
    expect(await find(bob)).toEqual([]);
  });
});

/** Paths of readable files with a text in them; it comes in two parts so as not to find itself. */
function findText(start: string, end: string): string[] {
  const { lstatSync, readdirSync, readFileSync } = process.getBuiltinModule('node:fs');
  const attempt = <Value>(act: () => Value): Value | undefined => {
    try {
      return act();
    } catch {
      return undefined;
    }
  };
  const has = (path: string): boolean => {
    const bytes = attempt(() => readFileSync(path));
    for (let at = bytes?.indexOf(start) ?? -1; at !== -1; at = bytes?.indexOf(start, at + 1) ?? -1)
      if (bytes?.subarray(at + start.length).toString('latin1', 0, end.length) === end) return true;
    return false;
  };
  const search = (folder: string): string[] =>
    (attempt(() => readdirSync(folder)) ?? []).flatMap((name) => {
      const path = `${folder}/${name}`;
      const stat = attempt(() => lstatSync(path));
      if (stat?.isDirectory()) return search(path);
      return stat?.isFile() && stat.size < 2 ** 20 && has(path) ? [path] : [];
    });
  const processes = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return [
    ...['/run', '/var', '/tmp', '/etc', '/workspace', '/dev/shm', '/opt/mcpd'].flatMap(search),
    ...processes.flatMap((pid) =>
      ['environ', 'cmdline', 'maps'].map((name) => `/proc/${pid}/${name}`).filter(has),
    ),
  ];
}

import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestClient } from '../support/client.ts';
import { insideServer } from '../support/inside.ts';
import { OwnTemplate } from '../support/own-template.ts';
import { firstProcessor, lastProcessor } from '../support/processors.ts';
import { Tenancy, type AddedUser } from '../support/tenancy.ts';

const laboratory = join(import.meta.dirname, '../fixtures/laboratory');
const isRoot = process.getuid?.() === 0;
const stack = new AsyncDisposableStack();
let tenancy: Tenancy;

/** bob and alice are held to limits, each to their own; carol is their neighbour, and held to none. */
let bob: Tenant;
let alice: Tenant;
let carol: Tenant;

interface Tenant {
  readonly name: string;
  readonly added: AddedUser;
  client: TestClient;
}

/** bob's, and alice's. */
type Both<Value> = readonly [bob: Value, alice: Value];

/** What they have from the beginning: for some of it containers would be made again. */
const caps = {
  memory: ['384m', '448m'],
  pids: ['160', '192'],
  cpuset: [firstProcessor, lastProcessor],
  'max-sessions': ['5', '4'],
  ...(isRoot && { storage: ['24m', '40m'] }),
} as const satisfies Record<string, Both<string>>;

function capsOf(index: 0 | 1): Record<string, string> {
  return Object.fromEntries(Object.entries(caps).map(([name, both]) => [name, both[index]]));
}

beforeAll(async () => {
  tenancy = stack.use(await Tenancy.open());
  const lab = (index: 0 | 1) => [
    '--server',
    laboratory,
    ...Object.entries(capsOf(index)).flatMap(([name, cap]) => [`--${name}`, cap]),
  ];
  const users = await Promise.all([
    tenancy.addUser('bob', ...lab(0)),
    tenancy.addUser('alice', ...lab(1), '--secret', `FIRST_KEY=@${await secretFile()}`),
    tenancy.addUser('carol', '--server', 'memory'),
  ]);
  [bob, alice, carol] = (await Promise.all(
    users.map(async (added) => ({ name: added.user.name, added, client: await connect(added) })),
  )) as [Tenant, Tenant, Tenant];
  for (const tenant of [bob, alice, carol]) stack.defer(() => tenant.client.client.close());
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
const labels = ['first', 'second', 'third'];

function readAll({ client }: TestClient): Promise<(string | number)[]> {
  return ends(labels.map((name) => client.readResource({ uri: `lab:///${name}` })));
}

function getAll({ client }: TestClient): Promise<(string | number)[]> {
  return ends(labels.map((name) => client.getPrompt({ name })));
}

async function listTools({ client }: TestClient): Promise<string[]> {
  return (await client.listTools()).tools.map(({ name }) => name);
}

function callSpares(client: TestClient): Promise<(string | number)[]> {
  return ends(['spare', 'other'].map((name) => client.call(name)));
}

/** Calls eight times at once. */
async function callTogether(client: TestClient, tool: string): Promise<string> {
  return sorted(await ends(Array.from({ length: 8 }, () => client.call(tool))));
}

/** Calls so often at once that three are refused. Gives how those ended, and how all did. */
async function callBeyond({ added, client }: Tenant, inFlight: number, waiting: number) {
  const calls = Array.from({ length: inFlight + waiting + 3 }, () => hold(client));
  // Those too many are refused at once, so that nobody is let go before.
  const refused = await firstFailures(calls, 3);
  await expect.poll(() => heldIn(added), { timeout: 20_000 }).toBe(inFlight);
  await letGo(added);
  return [refused, sorted(await ends(calls))];
}

/** Gives the user another server, and what comes of its use; for a refusal, its code. */
async function useAnother<Result>(
  { name, added: { token } }: Tenant,
  template: string,
  use: (client: TestClient) => Promise<Result>,
): Promise<Result | string | undefined> {
  const args = ['server', 'add', `${name}/${template}`, '--json'];
  const { server, error } = JSON.parse((await tenancy.run(args)).stdout) as {
    server?: { url: string };
    error?: { code: string };
  };
  if (!server) return error?.code;
  await using client = await TestClient.connect(server.url, token);
  return await use(client);
}

/** A policy replaces all that they have. */
function policyWith({ name }: Tenant, ofLaboratory: object): string {
  const { 'max-sessions': sessions, pids, ...others } = capsOf(name === 'bob' ? 0 : 1);
  const policy = { ...others, pids: Number(pids), sessions: Number(sessions) };
  return JSON.stringify({ ...policy, templates: { laboratory: ofLaboratory } });
}

interface Quota {
  readonly name: string;
  readonly limits: Both<string>;
  /** A limit as flags of `user update`; none: they have had it from the beginning. */
  readonly flags?: (limit: string) => string;
  /** A limit as what their policy says of the laboratory alone. */
  readonly template?: (limit: number) => object;
  /** Takes these back. */
  readonly unset?: readonly string[];
  /** Drives one user to their limit, and says what came of it. */
  readonly drive: (tenant: Tenant, limit: string) => Promise<unknown>;
  readonly outcomes: Both<unknown>;
}

const quotas: readonly Quota[] = [
  {
    name: 'processors',
    limits: ['0.1', '0.2'],
    flags: (cpus) => `--cpus ${cpus}`,
    unset: ['cpus'],
    drive: ({ client }) => insideServer(client, computeUntilStopped, 5),
    // With what a period that was already under way may add.
    outcomes: [atMost(0.15), atMost(0.3)],
  },
  {
    name: 'requests a minute, and how many at once',
    limits: ['5', '3'],
    flags: (burst) => `--rate 6 --burst ${burst}`,
    unset: ['requestsPerMinute', 'burst'],
    drive: ({ client }) => callTogether(client, 'spare'),
    outcomes: ['429 429 429 ok ok ok ok ok', '429 429 429 429 429 ok ok ok'],
  },
  {
    name: 'requests a minute to the server of one template, and none to another',
    limits: ['5', '3'],
    template: (burst) => ({ requestsPerMinute: 6, burst }),
    drive: async (tenant) => {
      const outcomes = [
        await callTogether(tenant.client, 'spare'),
        await useAnother(tenant, 'memory', (client) => callTogether(client, 'read_graph')),
      ];
      await tenancy.json(['server', 'remove', `${tenant.name}/memory`, '--yes']);
      return outcomes;
    },
    outcomes: [
      ['429 429 429 ok ok ok ok ok', 'ok ok ok ok ok ok ok ok'],
      ['429 429 429 429 429 ok ok ok', 'ok ok ok ok ok ok ok ok'],
    ],
  },
  {
    name: 'calls in flight, and how many wait',
    limits: ['2', '1'],
    flags: (concurrency) => `--concurrency ${concurrency} --queue 1`,
    unset: ['concurrency', 'queue'],
    drive: (tenant, limit) => callBeyond(tenant, Number(limit), 1),
    outcomes: [
      [[429, 429, 429], '429 429 429 ok ok ok'],
      [[429, 429, 429], '429 429 429 ok ok'],
    ],
  },
  {
    name: 'calls in flight at the server of one template',
    limits: ['2', '1'],
    template: (concurrency) => ({ concurrency }),
    // Four times as many wait where nothing is said.
    drive: (tenant, limit) => callBeyond(tenant, Number(limit), 4 * Number(limit)),
    outcomes: [
      [[429, 429, 429], `429 429 429${' ok'.repeat(10)}`],
      [[429, 429, 429], `429 429 429${' ok'.repeat(5)}`],
    ],
  },
  {
    name: 'processes',
    limits: caps.pids,
    drive: ({ client }) => insideServer(client, forkUntilRefused),
    outcomes: [
      ['EAGAIN', 160],
      ['EAGAIN', 192],
    ],
  },
  {
    name: 'processors to run on',
    limits: caps.cpuset,
    drive: ({ client }) => insideServer(client, computeOnAll),
    outcomes: [[Number(caps.cpuset[0])], [Number(caps.cpuset[1])]],
  },
  {
    name: 'memory',
    limits: caps.memory,
    drive: async (tenant) => {
      const hog = await connect(tenant.added);
      const filling = insideServer(hog, () => {
        for (const kept: Buffer[] = []; ;) kept.push(Buffer.alloc(2 ** 23, 1));
      });
      const error = await filling.catch((reason: { data?: unknown }) => reason.data);
      await hog.client.close();
      // What else their server does needs memory too while the large process dies, and may die with it.
      await tenant.client.client.close();
      tenant.client = await connect(tenant.added);
      return error;
    },
    outcomes: [
      expect.objectContaining({ kind: 'out-of-memory', memoryBytes: 384 * 2 ** 20 }),
      expect.objectContaining({ kind: 'out-of-memory', memoryBytes: 448 * 2 ** 20 }),
    ],
  },
  {
    name: 'sessions',
    limits: caps['max-sessions'],
    drive: async ({ added, client }, limit) => {
      // An idle one would make room.
      const opened = [];
      while (opened.length + 1 < Number(limit)) opened.push(await connect(added));
      const calls = [client, ...opened].map(hold);
      await expect.poll(() => heldIn(added), { timeout: 20_000 }).toBe(Number(limit));
      const refused = await ends([connect(added)]);
      await letGo(added);
      const went = await ends(calls);
      for (const one of opened) await one[Symbol.asyncDispose]();
      return [refused, went];
    },
    outcomes: [
      [[503], ['ok', 'ok', 'ok', 'ok', 'ok']],
      [[503], ['ok', 'ok', 'ok', 'ok']],
    ],
  },
  {
    name: 'tools, resources and prompts of the server of one template',
    limits: ['1', '2'],
    template: (count) => ({
      maxTools: count,
      tools: { deny: ['oth*'] },
      maxResources: count,
      resources: { deny: ['lab:///f*'] },
      maxPrompts: count,
      prompts: { deny: ['third'] },
    }),
    drive: async ({ client }) => [
      await listTools(client),
      await callSpares(client),
      await readAll(client),
      await getAll(client),
    ],
    outcomes: [
      [['run'], [-32602, -32602], [-32002, 'ok', -32002], ['ok', -32602, -32602]],
      [
        ['run', 'spare'],
        ['ok', -32602],
        [-32002, 'ok', 'ok'],
        ['ok', 'ok', -32602],
      ],
    ],
  },
  {
    name: 'tools',
    limits: ['1', '2'],
    flags: (count) => `--max-tools ${count}`,
    unset: ['maxTools'],
    drive: async ({ client }) => [await listTools(client), await callSpares(client)],
    outcomes: [
      [['run'], [-32602, -32602]],
      [
        ['run', 'spare'],
        ['ok', -32602],
      ],
    ],
  },
  {
    name: 'resources and prompts',
    limits: ['1', '2'],
    flags: (count) => `--max-resources ${count} --max-prompts ${count}`,
    unset: ['maxResources', 'maxPrompts'],
    // Not listed before.
    drive: async ({ client }) => [await readAll(client), await getAll(client)],
    outcomes: [
      [
        ['ok', -32002, -32002],
        ['ok', -32602, -32602],
      ],
      [
        ['ok', 'ok', -32002],
        ['ok', 'ok', -32602],
      ],
    ],
  },
  {
    name: 'tools by name',
    limits: ['--deny-tool sp*', '--allow-tool run --allow-tool s*'],
    flags: (patterns) => patterns,
    unset: ['tools'],
    drive: async ({ client }) => [await listTools(client), await callSpares(client)],
    outcomes: [
      [
        ['run', 'other'],
        [-32602, 'ok'],
      ],
      [
        ['run', 'spare'],
        ['ok', -32602],
      ],
    ],
  },
  {
    name: 'resources by URI, prompts by name',
    limits: [
      '--allow-resource lab:///s* --deny-prompt second',
      '--deny-resource *d --allow-prompt *d',
    ],
    flags: (patterns) => patterns,
    unset: ['resources', 'prompts'],
    drive: async ({ client }) => {
      const { resources } = await client.client.listResources();
      const { prompts } = await client.client.listPrompts();
      const listed = [...resources, ...prompts].map(({ name }) => name);
      return [listed, await readAll(client), await getAll(client)];
    },
    outcomes: [
      [
        ['second', 'first', 'third'],
        [-32002, 'ok', -32002],
        ['ok', -32602, 'ok'],
      ],
      [
        ['first', 'second', 'third'],
        ['ok', -32002, -32002],
        [-32602, 'ok', 'ok'],
      ],
    ],
  },
  {
    name: 'scopes of a token',
    limits: ['tools:read', 'resources:read'],
    drive: async ({ name, added }, scope) => {
      const args = ['token', 'create', name, '--name', 'narrow', '--scope', scope];
      const { value } = await tenancy.json<{ value: string }>(args);
      await using narrow = await connect({ ...added, token: value });
      const tried = await ends([listTools(narrow), narrow.client.listResources()]);
      return [...tried, ...(await callSpares(narrow)), ...(await readAll(narrow))];
    },
    outcomes: [
      ['ok', 403, 403, 403, 403, 403, 403],
      [403, 'ok', 403, 403, 'ok', 'ok', 'ok'],
    ],
  },
  {
    name: 'servers, risk and templates',
    limits: [
      '--max-servers 2 --max-risk medium --allow-template memory --allow-template filesystem',
      '--max-servers 1 --max-risk low',
    ],
    flags: (all) => all,
    unset: ['servers', 'maxRisk', 'allowedTemplates'],
    drive: async (tenant) => {
      const answers = [];
      // Of a high, a medium and two low risks.
      for (const template of ['filesystem', 'memory', 'sequential-thinking', 'everything'])
        answers.push(await useAnother(tenant, template, (client) => client.call('read_graph')));
      return answers;
    },
    outcomes: [
      [
        'RISK_TOO_HIGH',
        expect.stringContaining('entities'),
        'TEMPLATE_NOT_ALLOWED',
        'TEMPLATE_NOT_ALLOWED',
      ],
      ['RISK_TOO_HIGH', 'RISK_TOO_HIGH', 'SERVERS_QUOTA', 'SERVERS_QUOTA'],
    ],
  },
  {
    name: 'images',
    limits: ['vendor/*', 'elsewhere/*'],
    flags: (pattern) => `--allow-image ${pattern}`,
    unset: ['allowedImages'],
    drive: async (tenant) => {
      const change = { source: { image: 'vendor/one:1' }, command: ['serve'] };
      await using own = await OwnTemplate.copyOf('memory', change);
      return await useAnother(tenant, own.folder, (client) => client.call('read_graph'));
    },
    // The image is one that he may have; what mcpd can't do yet is to run it.
    outcomes: ['IMAGE_SOURCE_UNSUPPORTED', 'IMAGE_NOT_ALLOWED'],
  },
  ...(isRoot
    ? [
        {
          name: 'storage',
          limits: caps.storage ?? ['', ''],
          drive: ({ client }: Tenant) => insideServer(client, writeUntilFull),
          outcomes: [
            ['ENOSPC', 2],
            ['ENOSPC', 4],
          ],
        } as const,
      ]
    : []),
];

function atMost(limit: number): unknown {
  return expect.toSatisfy((value: number) => value <= limit);
}

/** Computes until the kernel has stopped it so many times. Gives the share of one processor that it had. */
function computeUntilStopped(times: number): number {
  const { existsSync, readFileSync } = process.getBuiltinModule('node:fs');
  const [v1, v2] = ['/sys/fs/cgroup/cpu/cpu.stat', '/sys/fs/cgroup/cpu.stat'];
  const file = existsSync(v1) ? v1 : v2;
  const stopped = () => Number(/nr_throttled (\d+)/.exec(readFileSync(file, 'utf8'))?.[1]);
  const last = stopped() + times;
  const [start, before] = [performance.now(), process.cpuUsage()];
  while (stopped() < last);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000 / (performance.now() - start);
}

/** Computes in four processes at once. Gives the processors on which they did. */
async function computeOnAll(): Promise<number[]> {
  const { readFileSync } = process.getBuiltinModule('node:fs');
  const { spawn } = process.getBuiltinModule('node:child_process');
  const { once } = process.getBuiltinModule('node:events');
  const loops = Array.from({ length: 4 }, () => spawn('sh', ['-c', 'while :; do :; done']));
  const seen = new Set<number>();
  /** proc_pid_stat(5), from the state on. */
  const fields = (pid: number) =>
    readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ');
  const ticks = (pid: number) => Number(fields(pid)?.[11]);
  const pids = loops.map(({ pid = 0 }) => pid);
  await Promise.all(loops.map((loop) => once(loop, 'spawn')));
  while (pids.some((pid) => ticks(pid) < 5)) {
    for (const pid of pids) seen.add(Number(fields(pid)?.[36]));
  }
  for (const loop of loops) loop.kill('SIGKILL');
  await Promise.all(loops.map((loop) => once(loop, 'exit')));
  return [...seen].toSorted((one, other) => one - other);
}

/** Starts processes until there may be no more. Gives why not, and how many there were then. */
async function forkUntilRefused(): Promise<[string | undefined, number]> {
  const { existsSync, readFileSync } = process.getBuiltinModule('node:fs');
  const { spawn } = process.getBuiltinModule('node:child_process');
  const { once } = process.getBuiltinModule('node:events');
  const [v1, v2] = ['/sys/fs/cgroup/pids/pids.current', '/sys/fs/cgroup/pids.current'];
  const started = [];
  for (;;) {
    const child = spawn('sh', ['-c', 'read -r line']);
    if (child.pid !== undefined) {
      started.push(child);
      continue;
    }
    const count = Number(readFileSync(existsSync(v1) ? v1 : v2, 'utf8'));
    const [{ code }] = (await once(child, 'error')) as [NodeJS.ErrnoException];
    // They wait for their input, and end with it.
    for (const one of started) one.stdin.end();
    await Promise.all(started.map((one) => once(one, 'exit')));
    return [code, count];
  }
}

/** Writes files of 8 MiB until one doesn't fit. Gives why not, and how many did. */
function writeUntilFull(): [string | undefined, number] {
  const { rmSync, writeFileSync } = process.getBuiltinModule('node:fs');
  let count = 0;
  try {
    for (; ; count += 1) writeFileSync(`/workspace/large-${count}`, Buffer.alloc(2 ** 23, 1));
  } catch (error) {
    return [(error as NodeJS.ErrnoException).code, count];
  } finally {
    for (let index = 0; index <= count; index += 1)
      rmSync(`/workspace/large-${index}`, { force: true });
  }
}

describe('limits that two users drive at once hold, for each their own, and their neighbour has every call answered', () => {
  it.each(quotas)('$name', async ({ limits, flags, template, unset = [], drive, outcomes }) => {
    const both = [bob, alice] as const;
    const update = ({ name }: Tenant, more: readonly string[], input?: string) =>
      tenancy.json(['user', 'update', name, ...more], input);
    const forEach = (act: (tenant: Tenant, limit: string) => Promise<unknown>) =>
      Promise.all([act(bob, limits[0]), act(alice, limits[1])]);
    if (flags) await forEach((tenant, limit) => update(tenant, flags(limit).split(' ')));
    if (template)
      await forEach((tenant, limit) =>
        update(tenant, ['--policy', '-'], policyWith(tenant, template(Number(limit)))),
      );
    const neighbour = callAllTheTime(carol.client);
    try {
      expect(await forEach(drive)).toEqual(outcomes);
      expect(await neighbour.stop()).toBeGreaterThan(0);
    } finally {
      await forEach(({ added }) => forget(added));
      const taken = [...unset, ...(template ? ['templates'] : [])].flatMap((field) => [
        '--unset',
        field,
      ]);
      if (taken.length > 0) await forEach((tenant) => update(tenant, taken));
    }
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

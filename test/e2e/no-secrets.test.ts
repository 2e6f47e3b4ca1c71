import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestClient } from '../support/client.ts';
import { insideServer, inspectServer } from '../support/inside.ts';
import { lines, words } from '../support/lines.ts';
import { processesWith, watchProcesses, type Process } from '../support/proc.ts';
import { Tenancy, type AddedUser } from '../support/tenancy.ts';

const laboratory = join(import.meta.dirname, '../fixtures/laboratory');
const secrets = { FIRST_KEY: made('first'), SECOND_KEY: made('second') };
const stack = new AsyncDisposableStack();
let tenancy: Tenancy;
let bob: AddedUser;
let began: string;
let secretFile: string;
/** Bob's tokens; each was shown once, when it was made. */
let tokens: string[];
/** What mcpd has printed, by command; without the tokens it is to show. */
const printed = new Map<string, string>();
/** Processes seen with a needle while the commands ran. */
const seen: Process[] = [];

function made(name: string): string {
  return `${name}-${randomBytes(18).toString('hex')}`;
}

beforeAll(async () => {
  began = String(Date.now() / 1000);
  tenancy = stack.use(await Tenancy.open());
  const folder = await mkdtemp(join(tmpdir(), 'mcpd-secret-'));
  stack.defer(() => rm(folder, { recursive: true }));
  secretFile = join(folder, 'first');
  await writeFile(secretFile, `${secrets.FIRST_KEY}\n`, { mode: 0o600 });
  const watch = watchProcesses(holdsNeedle);
  const flags = ['--server', laboratory, '--secret', `FIRST_KEY=@${secretFile}`];
  const added = await mcpd(['user', 'add', 'bob', ...flags, '--json']);
  bob = JSON.parse(added) as AddedUser;
  await mcpd(['secret', 'set', 'bob', 'SECOND_KEY'], secrets.SECOND_KEY);
  await mcpd(['restart', 'bob']);
  const created = await mcpd(['token', 'create', 'bob', '--name', 'extra', '--json']);
  seen.push(...(await watch.stop()));
  tokens = [bob.token, (JSON.parse(created) as { value: string }).value];
  for (const [command, text] of printed) {
    const rest = tokens.reduce((left, token) => left.replace(token, ''), text);
    printed.set(command, rest);
  }
});

afterAll(() => stack.disposeAsync());

/** Runs a command and remembers what it printed. */
async function mcpd(args: readonly string[], input = '', codes = [0]): Promise<string> {
  const { code, stdout, stderr } = await tenancy.run(args, input);
  printed.set(args.join(' '), stdout + stderr);
  if (!codes.includes(code))
    throw new Error(`mcpd ${args.join(' ')} exited with ${code}\n${stdout}${stderr}`);
  return stdout;
}

/** What may be nowhere: each secret and token, also in the usual encodings. */
function needles(): string[] {
  const values = [
    ...Object.values(secrets),
    ...(tokens ?? []).map((token) => token.split('.')[2] ?? token),
  ];
  return values.flatMap((value) => {
    const bytes = Buffer.from(value);
    // The end of a base64 text depends on what follows.
    return [value, bytes.toString('hex'), bytes.toString('base64').slice(0, -4)];
  });
}

function holdsNeedle(text: string | Buffer): boolean {
  return needles().some((needle) => text.includes(needle));
}

type Texts = Iterable<readonly [place: string, text: string | Buffer]>;

async function engineFacts(): Promise<Texts> {
  const { Id, Image } = await inspectServer(tenancy, 'bob', 'laboratory');
  const calls = [
    ['inspect', Id],
    ['image', 'inspect', Image],
    ['image', 'history', '--no-trunc', Image],
    ['network', 'inspect', bob.user.network.name],
    ['ps', '-a', '--no-trunc', '--format', '{{json .}}'],
    ['events', '--since', began, '--until', String(Date.now() / 1000), '--format', '{{json .}}'],
  ];
  const texts = calls.map(async (call) => [call.join(' '), await tenancy.docker(...call)] as const);
  return [...(await Promise.all(texts)), ['logs', await logOf(Id)]];
}

async function engineFiles(): Promise<Texts> {
  const { Id } = await inspectServer(tenancy, 'bob', 'laboratory');
  const root = await tenancy.docker('info', '--format', '{{.DockerRootDir}}');
  return filesBelow(join(root, 'containers', Id));
}

async function homeFiles(): Promise<Texts> {
  const files = await filesBelow(tenancy.home);
  expect(files.map(([path]) => basename(path))).toContain('registry.db');
  return files;
}

async function filesBelow(folder: string): Promise<(readonly [string, Buffer])[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));
  return Promise.all(files.map(async (file) => [file, await readFile(file)] as const));
}

/** Of all processes, those of bob's own uid left out: only his server has it. */
async function otherProcesses(): Promise<Texts> {
  return [...seen, ...processesWith(holdsNeedle)]
    .filter(({ uid }) => uid !== bob.user.uid)
    .map(({ pid, text }) => [`process ${pid}`, text]);
}

const places: readonly (readonly [string, () => Promise<Texts>])[] = [
  ['the arguments and environment of any process but the server', otherProcesses],
  ['what the engine says of container, image and network, its events and its log', engineFacts],
  ['the engine’s own files about the container', engineFiles],
  ['the files of the home, the registry among them', homeFiles],
];

describe.each(['as added', 'after a stop and a start'])('%s', (when) => {
  beforeAll(async () => {
    if (when === 'as added') return;
    await mcpd(['stop', 'bob']);
    const watch = watchProcesses(holdsNeedle);
    await mcpd(['start', 'bob']);
    seen.push(...(await watch.stop()));
  });

  it('the server has its secrets in its environment, and mcpd masks them in what it prints', async () => {
    await using server = await TestClient.connect(bob.servers[0]?.url ?? '', bob.token);
    const environment = await insideServer(server, () => {
      process.stderr.write(`my keys: ${process.env['FIRST_KEY']} ${process.env['SECOND_KEY']}\n`);
      return process.env;
    });
    expect(environment).toMatchObject(secrets);
    expect([...Object.values(secrets), ...tokens].every(holdsNeedle)).toBe(true);
    // The search below finds it there.
    expect(processesWith(holdsNeedle).map(({ uid }) => uid)).toContain(bob.user.uid);
    const { Id } = await inspectServer(tenancy, 'bob', 'laboratory');
    await expect.poll(() => logOf(Id)).toContain('my keys: *** ***');
  });

  it.each(places)('no secret and no token is in %s', async (_name, texts) => {
    const leaks = [...(await texts())].filter(([, text]) => holdsNeedle(text));
    expect(leaks.map(([place]) => place)).toEqual([]);
  });

  it('the values are on the host in files for root alone, and tokens not at all', async () => {
    const files = await filesBelow(await tenancy.runtime());
    const holding = files.filter(([, text]) => holdsNeedle(text)).map(([path]) => path);
    expect(holding.map((path) => basename(path)).toSorted()).toEqual(Object.keys(secrets));
    for (const path of holding) {
      expect(await stat(path)).toMatchObject({ uid: 0, mode: 0o100400 });
      expect(await stat(dirname(path))).toMatchObject({ uid: 0, mode: 0o40700 });
    }
  });
});

it('a server that dies talking of its secrets tells its client nothing of them', async () => {
  const server = await TestClient.connect(bob.servers[0]?.url ?? '', bob.token);
  const dying = insideServer(server, () => {
    process.stderr.write(`cannot log in with ${process.env['FIRST_KEY']}\n`, () => process.exit(3));
    return new Promise(() => undefined);
  });
  const error = await dying.catch((reason: unknown) => reason as Error);
  expect(String(error)).toContain('exited with code 3; its last output: cannot log in with ***');
  expect(holdsNeedle(JSON.stringify(error))).toBe(false);
  await server.client.close();
});

const reads = lines`
  user list
  user show bob --effective
  server list bob
  server show bob/laboratory
  status bob --probe
  logs bob --tail 1000
  stats bob --no-stream
  ports
  capacity
  plan bob
  doctor
  metrics
  report bob
  audit bob
  audit --control
  audit verify
  secret list bob
  token list bob --all
  connect bob
  template list
  template show LAB
  image list
  config list
  config get limits.memory
  oidc show
  service status
  service install --print
  group list
  export bob
  apply -f DOCUMENT --dry-run
  upgrade bob --dry-run
`;

/** In an order in which each has something to do; then all again with `--json`, which NEW tells apart. */
const changes = lines`
  group create group-NEW --memory 256m
  group update group-NEW --memory 300m
  group add group-NEW bob
  group show group-NEW
  group drop group-NEW bob
  group remove group-NEW
  user add bob --server LAB
  user update bob --pids 128
  user copy bob copy-NEW --secrets
  user rename copy-NEW other-NEW
  server add other-NEW/memory
  server remove other-NEW/memory --yes
  user remove other-NEW --purge --yes
  secret set bob FIRST_KEY --from @FILE
  secret set bob THIRD_KEY --from @FILE
  secret remove bob THIRD_KEY --yes
  restart bob
  stop bob
  start bob
  token create bob --name token-NEW
  token rotate bob token-NEW
  token revoke bob extra --yes
  backup backup-NEW --passphrase-file @FILE
  restore backup-NEW --passphrase-file @FILE --user bob --as restored-NEW
  run --server LAB --secret FIRST_KEY=@FILE -- true
  down bob --yes
  prepare bob
  up bob
  upgrade bob
  gc
  image build LAB
  config set limits.pids 200
  oidc refresh
  service remove
`;

const leftOut = new Map([
  ['exec', 'prints what its command does'],
  ['image prune', 'takes images from what else runs on this engine'],
  ['user move', 'needs another home: move.test.ts'],
  ['backup keygen', 'knows nobody'],
  ['completion', 'knows nobody'],
  ['schema', 'knows nobody'],
]);

it('no secret and no token is in what any command prints, as text or as JSON', async () => {
  await writeFile(documentFile(), await mcpd(['export', 'bob']));
  for (const command of reads) await Promise.all([show(command, 'text'), show(command, 'json')]);
  for (const how of ['text', 'json'] as const) {
    for (const command of changes) await show(command, how);
  }
  const leaks = [...printed].filter(([, text]) => holdsNeedle(text)).map(([command]) => command);
  expect(leaks).toEqual([]);
}, 600_000);

async function show(command: string, how: 'text' | 'json'): Promise<void> {
  const names = { LAB: laboratory, FILE: secretFile, DOCUMENT: documentFile(), NEW: how };
  const args = words(
    command.replaceAll(
      /\b(?:LAB|FILE|DOCUMENT|NEW)\b/g,
      (word) => names[word as keyof typeof names],
    ),
  );
  // What follows "--" is another program's.
  const end = args.includes('--') ? args.indexOf('--') : args.length;
  if (how === 'json') args.splice(end, 0, '--json');
  // It may have something to say of this machine.
  await mcpd(args, '', command === 'doctor' ? [0, 1] : [0]);
}

function documentFile(): string {
  return join(dirname(secretFile), 'tenants.yaml');
}

it('every command is among them, or left out for a reason', async () => {
  const manifest = await readFile(join(import.meta.dirname, '../../oclif.manifest.json'), 'utf8');
  const known = JSON.parse(manifest) as { commands: Record<string, { hidden?: boolean }> };
  const names = Object.keys(known.commands)
    .filter((id) => !known.commands[id]?.hidden)
    .map((id) => id.replaceAll(':', ' '));
  const isRun = (name: string) =>
    [...reads, ...changes].some((command) => `${command} `.startsWith(`${name} `));
  expect(names.filter((name) => !isRun(name)).toSorted()).toEqual([...leftOut.keys()].toSorted());
});

it.each([
  ['secret', 'set', 'bob', 'FIRST_KEY', 'VALUE'],
  ['secret', 'set', 'bob', 'FIRST_KEY=VALUE'],
  ['user', 'add', 'carol', '--secret', 'FIRST_KEY=VALUE'],
])('a value on the command line is refused and not repeated: %s %s %s %s', async (...typed) => {
  const value = made('careless');
  const args = typed.map((word) => word.replace('VALUE', value));
  for (const more of [[], ['--json']]) {
    const { code, stdout, stderr } = await tenancy.run([...args, ...more]);
    expect(code).toBe(2);
    expect(stdout + stderr).not.toContain(value);
  }
});

/** Standard output and standard error of a container, in one. */
async function logOf(id: string): Promise<string> {
  const { stdout, stderr } = await promisify(execFile)('docker', ['logs', id]);
  return stdout + stderr;
}

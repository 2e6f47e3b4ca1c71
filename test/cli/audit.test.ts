import { once } from 'node:events';
import { appendFileSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import type { ControlLine } from '../../src/audit/result.ts';
import { Ledger } from '../../src/bridge/records/ledger.ts';
import { resolveHome } from '../../src/config/home.ts';
import { logFolder } from '../../src/reconcile/desired.ts';
import type { AuditRecord } from '../../src/records/audit-line.ts';
import { openRegistry } from '../../src/registry/database.ts';
import { listServers } from '../../src/registry/servers.ts';
import { getUser } from '../../src/registry/users.ts';
import { Desk, ended } from './desk.ts';

/** Log folder of a user's server, made as its bridge finds it. */
function folderOf({ env }: Desk, userName: string, serverName: string): string {
  const home = resolveHome(env, process.getuid?.() ?? 0);
  using registry = openRegistry(home);
  const user = getUser(registry, userName);
  const server = listServers(registry, user.id).find(({ name }) => name === serverName);
  const folder = logFolder(home, user.id, server?.id ?? '');
  mkdirSync(folder, { recursive: true });
  return folder;
}

async function controlOf(desk: Desk): Promise<ControlLine[]> {
  const { records } = await desk.json<{ records: ControlLine[] }>(['audit', '--control']);
  return records;
}

/** Writes records as the bridge does; each is one second behind the one before. */
function write(folder: string, server: string, given: readonly Partial<AuditRecord>[]): void {
  const ledger = new Ledger({
    folder,
    bounds: { fileBytes: 2 ** 20, fileMs: 86_400_000, files: 4, totalBytes: 2 ** 24 },
    clock: { now: () => Date.now() },
    log: () => undefined,
    onWritten: () => undefined,
  });
  const start = Date.now() - 60_000;
  const records = given.map((record, index): AuditRecord => ({
    time: new Date(start + 1_000 * index).toISOString(),
    requestId: `r${index}`,
    user: 'bob',
    server,
    token: { id: 't', subject: 'bob' },
    session: '1',
    method: 'tools/call',
    target: 'echo',
    shape: { text: 'string' },
    outcome: 'ok',
    code: null,
    ms: 3,
    bytesIn: 10,
    bytesOut: 20,
    ...record,
  }));
  ledger.append(records.map((record) => ({ record, text: JSON.stringify(record).slice(0, -1) })));
  ledger.close();
}

test('the audit of a user’s servers comes in order of time, and can be narrowed', async () => {
  using desk = new Desk();
  desk.addUsers('bob');
  desk.addServer('bob', 'filesystem');
  write(folderOf(desk, 'bob', 'memory'), 'memory', [{}, { target: 'other' }]);
  write(folderOf(desk, 'bob', 'filesystem'), 'filesystem', [
    { method: 'tools/list', target: null, shape: null },
    { outcome: 'error', code: 'isError' },
  ]);
  const shown = async (...flags: string[]): Promise<string[]> => {
    const { stdout } = await desk.run(['audit', 'bob', '--json', ...flags]);
    const { records } = JSON.parse(stdout) as { records: AuditRecord[] };
    return records.map(({ server, target }) => `${server} ${target ?? '-'}`);
  };
  expect((await shown()).toSorted()).toEqual([
    'filesystem -',
    'filesystem echo',
    'memory echo',
    'memory other',
  ]);
  expect(await shown('--failed')).toEqual(['filesystem echo']);
  expect(await shown('--tool', 'other')).toEqual(['memory other']);
  expect(await shown('--method', 'tools/list')).toEqual(['filesystem -']);
  expect(await shown('--since', '1s')).toEqual([]);
  expect(await shown('--tail', '1', '--failed')).toEqual(['filesystem echo']);
  const { stdout } = await desk.run(['audit', 'bob/memory']);
  expect(stdout).toContain('tools/call echo  {"text":"string"}');
});

test('a line that was changed, or removed, is found by its file and number', async () => {
  using desk = new Desk();
  desk.addUsers('bob');
  const folder = folderOf(desk, 'bob', 'memory');
  const file = join(folder, 'audit.jsonl');
  write(folder, 'memory', [{}, {}, {}]);
  expect(await desk.run(['audit', 'verify', 'bob'])).toMatchObject({
    code: 0,
    stdout: 'bob/memory: 3 lines, intact\n',
  });
  const text = readFileSync(file, 'utf8');
  const [first = '', second = '', third = ''] = text.split('\n');
  writeFileSync(file, [first, second.replace('"ms":3', '"ms":4'), third, ''].join('\n'));
  const changed = await desk.run(['audit', 'verify', 'bob']);
  expect(changed.code).toBe(1);
  expect(changed.stdout).toContain(`${file}:2, which was changed`);
  writeFileSync(file, [first, third, ''].join('\n'));
  const removed = await desk.run(['audit', 'verify']);
  expect(removed.stdout).toContain(`${file}:2, which does not follow`);
});

test('with -f new records come as they are written', async () => {
  using desk = new Desk();
  desk.addUsers('bob');
  const folder = folderOf(desk, 'bob', 'memory');
  write(folder, 'memory', [{ target: 'before' }]);
  const following = desk.start(['audit', 'bob', '-f', '--json']);
  let output = '';
  following.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  await expect.poll(() => output, { timeout: 10_000 }).toContain('"before"');
  write(folder, 'memory', [{ target: 'after' }]);
  await expect.poll(() => output, { timeout: 10_000 }).toContain('"after"');
  following.kill('SIGINT');
});

describe('what fails leaves stdout a document', () => {
  const damage = (desk: Desk) =>
    writeFileSync(join(desk.env['MCPD_HOME'] ?? '', 'registry.db'), 'not a registry'.repeat(400));

  test('the error itself, when nothing came before', async () => {
    using desk = new Desk();
    desk.addUsers('bob');
    damage(desk);
    const { code, stdout, stderr } = await desk.run(['audit', '--control', '--json']);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'REGISTRY_DAMAGED' } });
    expect(stderr).toBe('');
    expect(code).toBe(8);
  });

  test('the records until then; stderr has the error', async () => {
    using desk = new Desk();
    desk.addUsers('bob');
    await desk.run(['config', 'set', 'limits.memory', '1g']);
    damage(desk);
    const { code, stdout, stderr } = await desk.run(['audit', '--control', '--json']);
    const { records } = JSON.parse(stdout) as { records: ControlLine[] };
    expect(records).toMatchObject([{ command: 'mcpd config set limits.memory 1g' }]);
    expect(stderr).toMatch(/^Error: The registry of this home \(registry\.db\) is damaged\./);
    expect(code).toBe(8);
  });

  test('under -f one per line, also after Ctrl-C', async () => {
    using desk = new Desk();
    desk.addUsers('bob');
    await desk.run(['config', 'set', 'limits.memory', '1g']);
    const following = desk.start(['audit', '--control', '-f', '--json']);
    const whole = ended(following);
    await once(following.stdout as Readable, 'data');
    following.kill('SIGINT');
    const { code, stdout } = await whole;
    const documents = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown);
    expect(documents).toMatchObject([{ outcome: 'ok' }, { error: { code: 'INTERRUPTED' } }]);
    expect(code).toBe(130);
  });
});

test('commands that change something are recorded with who, what and how it ended', async () => {
  using desk = new Desk();
  desk.addUsers('bob');
  await desk.run(['user', 'remove', 'bob', '--yes']);
  await desk.run(['secret', 'remove', 'bob', 'NOT_THERE', '--yes']);
  const file = join(desk.env['MCPD_HOME'] ?? '', 'audit', 'control.jsonl');
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const { stdout } = await desk.run(['audit', '--control', '--json']);
  const { records } = JSON.parse(stdout) as { records: Record<string, unknown>[] };
  expect(records).toMatchObject([
    {
      command: 'mcpd user remove bob --yes',
      object: 'bob',
      outcome: 'failed',
      code: 'ENGINE_UNREACHABLE',
    },
    { command: 'mcpd secret remove bob NOT_THERE --yes', object: 'bob', outcome: 'failed' },
  ]);
  expect((await desk.run(['audit', 'verify'])).code).toBe(0);
  appendFileSync(file, '{}\n');
  expect((await desk.run(['audit', 'verify'])).code).toBe(1);
});

test('commands that fail, or change no user, are recorded too', async () => {
  using desk = new Desk();
  desk.addUsers('bob');
  await desk.run(['config', 'set', 'limits.memory', 'lots']);
  await desk.run(['config', 'set', 'limits.memory', '1g']);
  await desk.run(['image', 'build', 'memory']);
  await desk.run(['image', 'prune', '--all', '--yes']);
  await desk.run(['doctor', '--fix']);
  await desk.run(['doctor']);
  await desk.run(['exec', 'bob/memory', '--', 'sh', '-c', 'echo zq-5f1c']);
  const records = await controlOf(desk);
  expect(records.map(({ command, outcome }) => `${command}: ${outcome}`)).toEqual([
    'mcpd config set limits.memory lots: failed',
    'mcpd config set limits.memory 1g: ok',
    'mcpd image build memory: failed',
    'mcpd image prune --all --yes: failed',
    'mcpd doctor --fix: ok',
    'mcpd exec bob/memory: failed',
  ]);
  expect(records[1]?.changes).toEqual([
    { what: 'setting limits.memory', before: '512m', after: '1g' },
  ]);
});

test('a group’s change is recorded by its fields', async () => {
  using desk = new Desk();
  await desk.run(['group', 'create', 'students', '--rate', '60']);
  await desk.run(['group', 'update', 'students', '--rate', '120', '--deny-tool', 'write_*']);
  const [, update] = await controlOf(desk);
  expect(update?.changes).toEqual([
    { what: 'group students policy.requestsPerMinute', before: 60, after: 120 },
    { what: 'group students policy.tools', before: null, after: '{"deny":["write_*"]}' },
  ]);
});

test('a command that is killed leaves a trace: unfinished', async () => {
  using desk = new Desk();
  desk.addUsers('bob');
  // It waits for the value.
  const killed = desk.start(['secret', 'set', 'bob', 'API_KEY']);
  using registry = openRegistry(resolveHome(desk.env, process.getuid?.() ?? 0));
  const begun = () => registry.db.prepare('SELECT pid FROM begun').all();
  await expect.poll(begun, { timeout: 10_000 }).toEqual([{ pid: killed.pid }]);
  expect(await controlOf(desk)).toEqual([]);
  killed.kill('SIGKILL');
  await once(killed, 'exit');
  const expected = { command: 'mcpd secret set bob API_KEY', outcome: 'unfinished' };
  expect(await controlOf(desk)).toMatchObject([{ ...expected, hash: null }]);
  const { stdout } = await desk.run(['audit', '--control', '--failed']);
  expect(stdout).toMatch(/ {2}unfinished {2}root {2}mcpd secret set bob API_KEY\n/);
  await desk.run(['secret', 'set', 'bob', 'API_KEY'], 'value');
  expect(await controlOf(desk)).toMatchObject([
    { ...expected, hash: expect.any(String) as string },
    { outcome: 'ok' },
  ]);
  expect(begun()).toEqual([]);
});

test('the records of commands that run at once are one chain', async () => {
  using desk = new Desk();
  desk.addUsers('bob');
  const names = Array.from({ length: 6 }, (_, index) => `KEY_${index}`);
  await Promise.all(names.map((name) => desk.run(['secret', 'set', 'bob', name], 'value')));
  expect((await controlOf(desk)).map(({ outcome }) => outcome)).toEqual(names.map(() => 'ok'));
  const { stdout } = await desk.run(['audit', 'verify']);
  expect(stdout).toContain('control: 6 lines, intact');
});

test('what is kept of removed users is verified too', async () => {
  using desk = new Desk();
  desk.addUsers('bob');
  const home = desk.env['MCPD_HOME'] ?? '';
  const kept = join(home, 'audit', 'removed', 'alice-uaaaaaaaaaa', 'saaaaaaaaaa');
  mkdirSync(kept, { recursive: true });
  write(kept, 'memory', [{}, {}]);
  const name = 'alice-uaaaaaaaaaa/saaaaaaaaaa (removed)';
  expect((await desk.run(['audit', 'verify'])).stdout).toContain(`${name}: 2 lines, intact`);
  expect((await desk.run(['audit', 'verify', 'bob'])).stdout).not.toContain('alice');
  const file = join(kept, 'audit.jsonl');
  writeFileSync(file, readFileSync(file, 'utf8').replace('"ms":3', '"ms":4'));
  const broken = await desk.run(['audit', 'verify', 'alice']);
  expect(broken).toMatchObject({ code: 1 });
  expect(broken.stdout).toContain(`${file}:1, which was changed`);
  expect((await desk.run(['audit', 'verify', 'nobody'])).code).toBe(3);
});

test('what came with the backup of a home is verified too', async () => {
  using desk = new Desk();
  desk.addUsers('bob');
  await desk.run(['config', 'set', 'limits.memory', '1g']);
  const audit = join(desk.env['MCPD_HOME'] ?? '', 'audit');
  const restored = join(audit, 'restored.2');
  const kept = join(restored, 'removed', 'alice-uaaaaaaaaaa', 'saaaaaaaaaa');
  mkdirSync(kept, { recursive: true });
  write(kept, 'memory', [{}, {}]);
  const file = join(restored, 'control.jsonl');
  writeFileSync(file, readFileSync(join(audit, 'control.jsonl')));
  const alice = 'alice-uaaaaaaaaaa/saaaaaaaaaa (removed) (restored.2)';
  expect((await desk.run(['audit', 'verify'])).stdout).toBe(
    `control: 1 line, intact\nbob/memory: 0 lines, intact\n` +
      `control (restored.2): 1 line, intact\n${alice}: 2 lines, intact\n`,
  );
  expect((await desk.run(['audit', 'verify', 'alice'])).stdout).toContain(alice);
  writeFileSync(file, readFileSync(file, 'utf8').replace('512m', '256m'));
  const broken = await desk.run(['audit', 'verify']);
  expect(broken).toMatchObject({ code: 1 });
  expect(broken.stdout).toContain(`control (restored.2): BROKEN at ${file}:1`);
});

test('no secret, token or value of a flag is in the record of a command', async () => {
  using desk = new Desk();
  desk.addUsers('bob');
  const secret = 'zq-secret-5f1c';
  await desk.run(['secret', 'set', 'bob', 'API_KEY'], secret);
  const { stdout } = await desk.run(['token', 'create', 'bob', '--name', 'laptop-zq']);
  await desk.run(['user', 'update', 'bob', '--egress', 'allow:zq.example:443']);
  await desk.run(['config', 'set', 'bindAddress', '127.0.0.1']);
  const file = join(desk.env['MCPD_HOME'] ?? '', 'audit', 'control.jsonl');
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  const records = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(records.map(({ command }) => command)).toEqual([
    'mcpd secret set bob API_KEY',
    'mcpd token create bob --name',
    'mcpd user update bob --egress',
    'mcpd config set bindAddress 127.0.0.1',
  ]);
  expect(records[0]?.['changes']).toMatchObject([{ what: 'secret bob/API_KEY updated_at' }]);
  // Wherever it may be put, by mistake too.
  await desk.run(['secret', 'set', 'bob', 'API_KEY', secret]);
  await desk.run(['secret', 'set', 'bob', `API_KEY=${secret}`]);
  await desk.run(['user', 'add', 'carol', '--secret', `API_KEY=${secret}`]);
  await desk.run(['user', 'add', 'carol', '--secret', 'API_KEY=@-'], secret);
  await desk.run(['exec', 'bob/memory', '--', 'sh', '-c', secret]);
  await desk.run(['exec', 'bob/memory', secret]);
  await desk.run(['connect', 'claude', 'bob', '--token', secret]);
  await desk.run(['token', 'rotate', 'bob', `--overlap=${secret}`]);
  await desk.run(['group', 'create', 'students', '--policy', secret]);
  expect(readFileSync(file, 'utf8')).not.toContain(secret);
  using registry = openRegistry(resolveHome(desk.env, process.getuid?.() ?? 0));
  expect(registry.db.prepare('SELECT * FROM begun').all()).toEqual([]);
  for (const word of stdout.match(/eyJ[\w.-]+/g) ?? []) expect(lines.join()).not.toContain(word);
});

test.each([
  'bob --control',
  '--control --tool echo',
  '--control --method ping',
  '--control --tail 3',
])(
  'what is said of clients’ requests is refused for commands, not passed over: audit %s',
  async (args) => {
    using desk = new Desk();
    expect(await desk.run(['audit', ...args.split(' ')])).toMatchObject({ code: 2, stdout: '' });
  },
);

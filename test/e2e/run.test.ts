import { once } from 'node:events';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ControlLine } from '../../src/audit/result.ts';
import { isGroupAlive } from '../../src/host/process-group.ts';
import type { RunResult } from '../../src/run/result.ts';
import { OwnSubnets } from '../support/leftovers.ts';
import { readRows } from '../support/snapshot.ts';
import { Tenancy } from '../support/tenancy.ts';

interface Audited {
  readonly records: readonly ControlLine[];
}

const job = [process.execPath, join(import.meta.dirname, 'children/ci-job.ts')];
const memory = ['run', '--server', 'memory'];
const sh = (script: string) => ['--', 'sh', '-c', script];

const many = 20;

let own: OwnSubnets;
let tenancy: Tenancy;

beforeAll(async () => {
  own = new OwnSubnets();
  tenancy = await Tenancy.open({ subnets: own.subnets, admission: { memoryShare: 4 } });
  await tenancy.json(['image', 'build', 'memory', 'filesystem']);
});

afterAll(() => tenancy[Symbol.asyncDispose]());

const left = () => own.leftovers(tenancy);

/** Starts `mcpd run` with a script that says `ready` and its own pid, and waits for that. */
async function started(script: string) {
  const child = tenancy.start([...memory, ...sh(script)]);
  const output = once(child.stdout ?? child, 'data');
  const ended = once(child, 'exit') as Promise<[number | null, string | null]>;
  const [line] = (await Promise.race([output, ended])) as [Buffer];
  const [, pid] = /^ready (\d+)/.exec(String(line)) ?? [];
  if (pid === undefined) throw new Error(`mcpd run ended with ${String(line)}`);
  return { child, ended, pid: Number(pid) };
}

describe('mcpd run', () => {
  it('gives a command a tenant of its own, by variables and by a file for clients; stdout is the command’s', async () => {
    const flags = ['--server', 'memory,filesystem', '--name', 'ci-42', '--run-id', '42'];
    const { code, stdout, stderr } = await tenancy.run(['run', ...flags, '--', ...job]);
    expect(code, stderr).toBe(0);
    const { urls, ...rest } = JSON.parse(stdout) as { urls: Record<string, string> };
    expect(rest).toEqual({
      tools: { memory: 9, filesystem: expect.any(Number) as number },
      user: 'ci-42',
      hasToken: true,
    });
    expect(Object.keys(urls).toSorted()).toEqual([
      'MCPD_FILESYSTEM_URL',
      'MCPD_MEMORY_URL',
      'MCPD_URL',
    ]);
    expect(urls['MCPD_URL']).toBe(urls['MCPD_MEMORY_URL']);
    expect(await left()).toEqual([]);
  });

  it('passes on input, exit codes and signals, and says them as JSON', async () => {
    const [through, failed, killed, missing] = await Promise.all([
      tenancy.run([...memory, '--', 'cat'], 'as it came'),
      tenancy.run([...memory, '--json', ...sh('echo text; exit 3')]),
      tenancy.run([...memory, ...sh('kill -9 $$')]),
      tenancy.run([...memory, '--', 'no-such-command']),
    ]);
    expect(through).toMatchObject({ code: 0, stdout: 'as it came' });
    expect(failed).toMatchObject({ code: 3, stderr: 'text\n' });
    const result = JSON.parse(failed?.stdout ?? '') as RunResult;
    expect(result).toMatchObject({
      exitCode: 3,
      signal: null,
      servers: [{ name: 'memory' }],
      removed: true,
    });
    const { records } = await tenancy.json<Audited>(['audit', '--control']);
    const what = `server ${result.user}/memory port`;
    const port = Number(new URL(result.servers[0]?.url ?? '').port);
    expect(records.find(({ object }) => object === result.user)).toMatchObject({
      command: 'mcpd run --server --json',
      outcome: 'ok',
      changes: expect.arrayContaining([
        { what, before: null, after: port },
        { what, before: port, after: null },
      ]) as object[],
    });
    expect(killed).toMatchObject({ code: 137, stdout: '' });
    expect(missing?.code).toBe(127);
    expect(missing?.stderr).toContain('no-such-command: there is no such command');
    expect(await left()).toEqual([]);
  });

  it('saves logs and states when the command fails, without a token, and when servers do not get ready', async () => {
    const [works, fails, waits] = ['works', 'fails', 'waits'].map((name) =>
      join(tenancy.home, name),
    ) as [string, string, string];
    const print = sh('cat "$MCPD_CLIENT_CONFIG"; exit $CODE');
    const [worked, failed, waited] = await Promise.all([
      tenancy.with({ env: { CODE: '0' } }).run([...memory, '--artifacts', works, ...print]),
      tenancy.with({ env: { CODE: '1' } }).run([...memory, '--artifacts', fails, ...print]),
      tenancy.fails([...memory, '--artifacts', waits, '--timeout', '1ms', '--', 'true']),
    ]);
    expect([worked?.code, failed?.code]).toEqual([0, 1]);
    expect(waited).toMatchObject({ exit: 6, code: 'NOT_READY' });
    expect(waited?.suggestions).toContain(`see ${waits}`);
    expect(await stat(works).catch(() => 'nothing')).toBe('nothing');
    for (const folder of [fails, waits]) {
      const files = await readdir(folder);
      expect(files.toSorted()).toEqual(['memory.log', 'status.json', 'user.json']);
    }
    const token = /Bearer ([\w.-]+)/.exec(failed?.stdout ?? '')?.[1] ?? 'none';
    const saved = (await readdir(fails)).map((file) => readFile(join(fails, file), 'utf8'));
    expect((await Promise.all(saved)).join('')).not.toContain(token);
    expect(await readFile(join(fails, 'memory.log'), 'utf8')).toContain('listening on port');
    expect(await left()).toEqual([]);
  });

  it('leaves nothing behind: told to stop, it tells the command, ends what that started, and removes the tenant', async () => {
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
    const codes = signals.map(async (name) => {
      const trap = `trap 'exit 9' ${name.slice(3)}; echo ready $$; sleep 300 & wait`;
      const { child, ended, pid } = await started(trap);
      child.kill(name);
      const [code] = await ended;
      return { code, isLeft: isGroupAlive(pid) };
    });
    const forks = tenancy.run([...memory, ...sh('sleep 300 & sh -c "sleep 300 & exit 5"')]);
    expect(await Promise.all(codes)).toEqual(signals.map(() => ({ code: 9, isLeft: false })));
    expect(await forks).toMatchObject({ code: 5 });
    expect(await left()).toEqual([]);
  });

  it('cancelled while the tenant is made, undoes that, and never begins the command', async () => {
    const child = tenancy.start([...memory, ...sh('echo begun')]);
    const output: Buffer[] = [];
    child.stdout?.on('data', (chunk: Buffer) => output.push(chunk));
    await expect.poll(() => readRows(tenancy)['owners'], { timeout: 30_000 }).toHaveLength(1);
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([130, null]);
    expect(output).toEqual([]);
    expect(await left()).toEqual([]);
  });

  it('leaves nothing behind even when it is killed: gc removes the tenant, and no tenant that is in use', async () => {
    const [killed, alive] = await Promise.all([
      started('echo ready $$; exec sleep 300'),
      started('echo ready $$; read _'),
    ]);
    killed.child.kill('SIGKILL');
    await killed.ended;
    process.kill(-killed.pid, 'SIGKILL');
    const collected = await tenancy.json<{ removed: readonly object[] }>(['gc']);
    expect(collected.removed).toEqual([
      {
        kind: 'user',
        name: expect.stringMatching(/^run-/) as string,
        why: `its mcpd run (process ${killed.child.pid}) has ended`,
      },
    ]);
    expect(readRows(tenancy)['users']).toHaveLength(1);
    alive.child.stdin?.end('\n');
    expect(await alive.ended).toEqual([0, null]);
    expect(await left()).toEqual([]);
  });

  it('runs many at once, each with its own tenant, and leaves nothing of any', async () => {
    const flags = ['--memory', '64m', ...sh('echo "$MCPD_USER $MCPD_URL"')];
    const runs = Array.from({ length: many }, () => tenancy.run([...memory, ...flags]));
    const ended = await Promise.all(runs);
    expect(ended.filter(({ code }) => code !== 0)).toEqual([]);
    const tenants = ended.map(({ stdout }) => stdout.split(' '));
    for (const part of [0, 1]) expect(new Set(tenants.map((one) => one[part])).size).toBe(many);
    expect(await left()).toEqual([]);
  });

  it('refuses a name that is taken, and leaves its user alone', async () => {
    await tenancy.addUser('bob', '--server', 'memory', '--no-start');
    const error = await tenancy.fails([...memory, '--name', 'bob', '--', 'true']);
    expect(error).toMatchObject({ exit: 4, code: 'USER_EXISTS' });
    expect(readRows(tenancy)['users']).toMatchObject([{ name: 'bob' }]);
    await tenancy.json(['user', 'remove', 'bob', '--purge', '--yes']);
  });
});

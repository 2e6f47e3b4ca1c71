import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Check, DoctorResult } from '../../src/doctor/result.ts';
import type { ExecResult } from '../../src/observe/exec.ts';
import type { ServerLogLine } from '../../src/observe/logs.ts';
import type { PortsResult } from '../../src/observe/ports.ts';
import type { StatsResult } from '../../src/observe/stats.ts';
import type { StatusResult } from '../../src/observe/status.ts';
import { Tenancy, type AddedUser } from '../support/tenancy.ts';

const stack = new AsyncDisposableStack();
let tenancy: Tenancy;
let bob: AddedUser;
/** The same home, where no engine answers. */
let cutOff: Tenancy;

beforeAll(async () => {
  tenancy = stack.use(await Tenancy.open());
  bob = await tenancy.addUser('bob', '--server', 'filesystem,memory', '--memory', '64m');
  cutOff = await Tenancy.open({}, { env: { DOCKER_HOST: 'unix:///nonexistent/engine.sock' } });
  stack.use(cutOff);
  Object.assign(cutOff.env, { MCPD_HOME: tenancy.home });
}, 120_000);

afterAll(() => stack.disposeAsync(), 120_000);

function lines(text: string): string[] {
  return text.split('\n').filter((line) => line !== '');
}

function portOf(server: string): number {
  return bob.servers.find(({ name }) => name === server)?.port ?? 0;
}

describe('status', () => {
  it('shows every server, and asks it for a handshake only with --probe', async () => {
    const { servers, stale } = await tenancy.json<StatusResult>(['status']);
    expect(stale).toBe(false);
    expect(servers.map(({ server, state, ready }) => [server, state, ready])).toEqual([
      ['filesystem', 'running', null],
      ['memory', 'running', null],
    ]);
    const probed = await tenancy.json<StatusResult>(['status', 'bob/memory', '--probe']);
    expect(probed.servers).toMatchObject([{ server: 'memory', ready: true, reason: null }]);
  });

  it('without an engine shows what the registry knows, and says so on stderr', async () => {
    const { code, stdout, stderr } = await cutOff.run(['status', 'bob']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/bob\/memory +unknown/);
    expect(stderr).toContain('What runs is unknown');
    expect(await cutOff.json<StatusResult>(['status'])).toMatchObject({ stale: true });
  });

  it('with nothing to show and no engine ends with 5', async () => {
    await using empty = await Tenancy.open({}, { env: { DOCKER_HOST: 'unix:///nonexistent' } });
    expect(await empty.fails(['status'])).toMatchObject({ exit: 5 });
    expect(existsSync(join(empty.home, 'registry.db'))).toBe(false);
  });

  it('tells a server that was stopped from one that is absent', async () => {
    await tenancy.json(['stop', 'bob/memory']);
    const { servers } = await tenancy.json<StatusResult>(['status', 'bob/memory']);
    expect(servers).toMatchObject([{ state: 'exited', wanted: 'stopped', uptimeSeconds: null }]);
    await tenancy.json(['start', 'bob/memory']);
  });

  it.each([['zed'], ['bob/nothing']])('%s is not found', async (target) => {
    expect(await tenancy.fails(['status', target])).toMatchObject({ exit: 3 });
  });
});

describe('logs', () => {
  it('interleaves the servers of a user in order of time, each line with its server', async () => {
    const { stdout } = await tenancy.run(['logs', 'bob', '--timestamps']);
    const parts = lines(stdout).map((line) => /^(bob\/\w+) +\| (\S+) ./.exec(line));
    expect(parts.every((part) => part !== null)).toBe(true);
    expect(new Set(parts.map((part) => part?.[1]))).toEqual(
      new Set(['bob/filesystem', 'bob/memory']),
    );
    const times = parts.map((part) => Date.parse(part?.[2] ?? ''));
    expect(times).toEqual(times.toSorted((a, b) => a - b));
  });

  it('gives one JSON document per line, of as many lines as asked for', async () => {
    const { stdout } = await tenancy.run(['logs', 'bob', '--tail', '1', '--json']);
    const documents = lines(stdout).map((line) => JSON.parse(line) as ServerLogLine);
    expect(documents.map(({ server }) => server).toSorted()).toEqual([
      'bob/filesystem',
      'bob/memory',
    ]);
    expect(Object.keys(documents[0] ?? {})).toEqual(['server', 'time', 'stream', 'line']);
  });

  it('begins at --since', async () => {
    const { code, stdout } = await tenancy.run(['logs', 'bob', '--since', '2999-01-01']);
    expect([code, stdout]).toEqual([0, '']);
    expect(await tenancy.fails(['logs', 'bob', '--since', 'soon'])).toMatchObject({ exit: 2 });
  });

  it('follows a server through a restart, and ends with 130 on Ctrl-C', async () => {
    const child = tenancy.start(['logs', 'bob/memory', '--follow', '--tail', '1']);
    const ended = once(child, 'exit');
    const output = createInterface({ input: child.stdout as Readable })[Symbol.asyncIterator]();
    const until = async (words: string): Promise<void> => {
      const { value, done } = await output.next();
      if (done) throw new Error(`the log ended before "${words}"`);
      if (!(value as string).includes(words)) await until(words);
    };
    // The first line comes once the engine streams.
    await until('');
    await tenancy.json(['restart', 'bob/memory']);
    await until('shutting down');
    await until('listening');
    child.kill('SIGINT');
    expect((await ended)[0]).toBe(130);
  });

  it('ends quietly when its reader has gone', async () => {
    const command = `"$@" | head -n 1; exit "\${PIPESTATUS[0]}"`;
    const { code, stdout } = await shell(command, ['logs', 'bob']);
    expect([code, lines(stdout).length]).toEqual([0, 1]);
  });
});

describe('exec', () => {
  it('runs as the user, in the workspace, with the exit code of the command', async () => {
    const program = 'console.log(process.getuid(), process.cwd()); process.exit(42)';
    const run = await tenancy.run(['exec', 'bob/memory', '--', 'node', '-e', program]);
    expect(run).toMatchObject({ code: 42, stdout: `${bob.user.uid} /workspace\n` });
  });

  it('hands on stdin to its end, and keeps the two outputs apart', async () => {
    const program = 'process.stdin.pipe(process.stdout).on("finish", () => {}); console.error("e")';
    const input = 'x'.repeat(300_000);
    const run = await tenancy.run(['exec', 'bob/memory', '--', 'node', '-e', program], input);
    expect(run).toEqual({ code: 0, stdout: input, stderr: 'e\n' });
  });

  it('under --json captures the output', async () => {
    const program = 'console.log(1); console.error(2); process.exit(3)';
    const argv = ['exec', 'bob/memory', '--json', '--', 'node', '-e', program];
    const { code, stdout } = await tenancy.run(argv);
    const result = JSON.parse(stdout) as ExecResult;
    expect(code).toBe(3);
    expect(result).toEqual({ exitCode: 3, stdout: '1\n', stderr: '2\n', truncated: false });
  });

  it('on a terminal gives the command one, and its exit code', async () => {
    const program = 'console.log("tty " + process.stdout.isTTY); process.exit(7)';
    const { code, stdout } = await terminal(['exec', 'bob/memory', '--', 'node', '-e', program]);
    expect(stdout).toContain('tty true');
    expect(code).toBe(7);
  });

  it('refuses a user instead of a server, no command, and a stopped server', async () => {
    expect((await tenancy.run(['exec', 'bob', '--', 'id'])).code).toBe(2);
    expect(await tenancy.fails(['exec', 'bob/memory'])).toMatchObject({ exit: 2 });
    await tenancy.json(['stop', 'bob/memory']);
    const { code, stderr } = await tenancy.run(['exec', 'bob/memory', '--', 'node', '-v']);
    expect([code, stderr]).toEqual([4, expect.stringContaining('mcpd start bob/memory')]);
    await tenancy.json(['start', 'bob/memory']);
  });
});

describe('stats', () => {
  it('shows use against caps, and processes killed for lack of memory', async () => {
    const hog = 'const kept = []; for (;;) kept.push(Buffer.alloc(4e6, 1))';
    const { code } = await tenancy.run(['exec', 'bob/memory', '--', 'node', '-e', hog]);
    expect(code).toBe(137);
    const { servers } = await tenancy.json<StatsResult>(['stats', 'bob']);
    const [filesystem, memory] = servers;
    expect(filesystem).toMatchObject({ oomKills: 0, usage: { memoryCapBytes: 64 * 2 ** 20 } });
    expect(filesystem?.usage?.memoryBytes).toBeLessThan(64 * 2 ** 20);
    expect(filesystem?.usage?.pids).toBeGreaterThan(0);
    expect(memory?.oomKills).toBeGreaterThan(0);
  });

  it('in a pipe prints one table and ends; on a terminal it refreshes until Ctrl-C', async () => {
    const { code, stdout } = await tenancy.run(['stats']);
    expect([code, lines(stdout)[0]?.slice(0, 6)]).toEqual([0, 'SERVER']);
    const live = await terminal(['stats', 'bob'], (text) => text.split('SERVER').length > 2);
    expect(live.code).toBe(130);
  });
});

describe('ports', () => {
  it('names who holds each port, and a foreign process on a server’s port as a conflict', async () => {
    const before = await tenancy.json<PortsResult>(['ports']);
    const own = before.ports.filter(({ user }) => user === 'bob');
    expect(own.map(({ port, holder, conflict }) => [port, holder?.kind, conflict])).toEqual([
      [portOf('filesystem'), 'container', false],
      [portOf('memory'), 'container', false],
    ]);

    await tenancy.json(['stop', 'bob/memory']);
    const thief = createServer().listen(portOf('memory'), '127.0.0.1');
    await once(thief, 'listening');
    const { ports } = await tenancy.json<PortsResult>(['ports']);
    thief.close();
    expect(ports.find(({ port }) => port === portOf('memory'))).toMatchObject({
      user: 'bob',
      server: 'memory',
      holder: { kind: 'process', pid: process.pid },
      conflict: true,
    });
    await tenancy.json(['start', 'bob/memory']);
  });

  it('with --all lists the whole block of each user', async () => {
    const { ports } = await tenancy.json<PortsResult>(['ports', '--all']);
    const { start, end } = bob.user.ports;
    expect(ports.filter(({ user }) => user === 'bob')).toHaveLength(end - start + 1);
  });
});

describe('doctor', () => {
  async function examine(...flags: string[]): Promise<Map<string, Check> & { code: number }> {
    const { code, stdout } = await tenancy.run(['doctor', '--json', ...flags]);
    const { checks, healthy } = JSON.parse(stdout) as DoctorResult;
    expect(code).toBe(healthy ? 0 : 1);
    return Object.assign(new Map(checks.map((check) => [check.id, check])), { code });
  }

  it('finds the firewall enforced and everything in its place', async () => {
    const checks = await examine();
    const ids = ['engine', 'limits', 'clock', 'firewall', 'objects', 'subnets'];
    expect(ids.map((id) => [id, checks.get(id)?.status])).toEqual(ids.map((id) => [id, 'ok']));
  });

  it('finds a container without a row and a row without its container, and how to mend both', async () => {
    const instance = await tenancy.instance();
    const { Image } = JSON.parse(
      await tenancy.docker('inspect', await tenancy.containerOf('bob', 'filesystem')),
    )[0] as { Image: string };
    const labels = [`instance=${instance}`, 'user=ghost', 'user-id=ughost', 'server-id=sghost'];
    const flags = labels.flatMap((label) => ['--label', `mcpd.${label}`]);
    const ghost = await tenancy.docker('create', ...flags, Image);
    await tenancy.docker('rm', '--force', await tenancy.containerOf('bob', 'memory'));
    const stale = join(await tenancy.runtime(), 's0123456789');
    await mkdir(stale);

    const found = await examine('--fix');
    expect(existsSync(stale)).toBe(false);
    expect(found.code).toBe(1);
    expect(found.get('leftovers')).toMatchObject({ status: 'fail' });
    expect(found.get('leftovers')?.mend).toContain(`docker rm -f ${ghost.slice(0, 12)}`);
    expect(found.get('objects')).toMatchObject({ status: 'fail', mend: ['mcpd up bob'] });

    await tenancy.docker('rm', '--force', ghost);
    await tenancy.json(['up', 'bob']);
    expect((await examine()).get('objects')).toMatchObject({ status: 'ok' });
  });

  it('without an engine checks the rest and ends with 1', async () => {
    const { code, stdout } = await cutOff.run(['doctor', '--json']);
    const { checks } = JSON.parse(stdout) as DoctorResult;
    expect(code).toBe(1);
    expect(checks[0]).toMatchObject({ id: 'engine', status: 'fail' });
    expect(checks.map(({ id }) => id)).toContain('firewall');
  });
});

/** The launcher's words as one shell command line would have them. */
function commandLine(args: readonly string[]): string[] {
  const launcher = join(import.meta.dirname, '../../bin/run.js');
  return [process.execPath, launcher, ...args];
}

async function shell(command: string, args: readonly string[]) {
  const argv = ['-c', command, 'shell', ...commandLine(args)];
  const { stdout } = await promisify(execFile)('bash', argv, { env: tenancy.env });
  return { code: 0, stdout };
}

/** Runs a command on a terminal of its own; with `enough`, presses Ctrl-C once its output is. */
async function terminal(args: readonly string[], enough?: (text: string) => boolean) {
  const quoted = commandLine(args).map((word) => `'${word.replaceAll("'", String.raw`'\''`)}'`);
  const child = spawn('script', ['-qec', quoted.join(' '), '/dev/null'], { env: tenancy.env });
  let stdout = '';
  let wasInterrupted = false;
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
    if (wasInterrupted || !enough?.(stdout)) return;
    wasInterrupted = true;
    child.stdin.write('\u0003');
  });
  const [code] = (await once(child, 'exit')) as [number];
  return { code, stdout };
}

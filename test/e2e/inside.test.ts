import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { TestClient } from '../support/client.ts';
import { besideServer, insideServer, inspectServer } from '../support/inside.ts';
import { capsOfContainer, statusOfProcesses, writablePlaces } from '../support/remote.ts';
import { Tenancy, type AddedUser } from '../support/tenancy.ts';

const laboratory = join(import.meta.dirname, '../fixtures/laboratory');
const memoryMiB = 160;
const pids = 96;
const stack = new AsyncDisposableStack();
let tenancy: Tenancy;
let bob: AddedUser;
let alice: AddedUser;
let server: TestClient;
let startedAt: string;

beforeAll(async () => {
  tenancy = stack.use(await Tenancy.open());
  const caps = ['--memory', `${memoryMiB}m`, '--pids', String(pids)];
  [bob, alice] = (await Promise.all([
    tenancy.addUser('bob', '--server', laboratory, ...caps),
    tenancy.addUser('alice'),
  ])) as [AddedUser, AddedUser];
  startedAt = (await inspectServer(tenancy, 'bob', 'laboratory')).State.StartedAt;
});

afterAll(() => stack.disposeAsync());

function openSession(options?: { timeout?: number }): Promise<TestClient> {
  return TestClient.connect(bob.servers[0]?.url ?? '', bob.token, options);
}

/** That bob's container is still the one that was started, and serves a new client. */
async function expectBridgeUnharmed(): Promise<void> {
  // Node hangs when it is started with too few processes left for its threads.
  await using next = await openSession({ timeout: 5_000 });
  expect(await insideServer(next, () => 'served')).toBe('served');
  const { State, RestartCount } = await inspectServer(tenancy, 'bob', 'laboratory');
  expect({ startedAt: State.StartedAt, restarts: RestartCount }).toEqual({
    startedAt,
    restarts: 0,
  });
}

describe('the process of a server', () => {
  beforeAll(async () => {
    server = await openSession();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  it('runs as its user without groups, capabilities or a way to get any, and so do its children', async () => {
    const statuses = await insideServer(server, statusOfProcesses);
    const { uid } = bob.user;
    const none = '0000000000000000';
    expect(statuses).toHaveLength(2);
    for (const status of statuses) {
      expect(status).toMatchObject({
        Uid: [uid, uid, uid, uid].join('\t'),
        Gid: [uid, uid, uid, uid].join('\t'),
        Groups: '',
        CapInh: none,
        CapPrm: none,
        CapEff: none,
        CapAmb: none,
        // What its bridge keeps to start it: SETUID, SETGID and KILL. Only a program with rights of its
        // own could take them up, and to such a program NoNewPrivs gives none.
        CapBnd: '00000000000000e0',
        NoNewPrivs: '1',
        Seccomp: '2',
      });
    }
  });

  it('can write to its workspace and to memory, and to nothing else in the file system', async () => {
    const fileSystem = await insideServer(server, writablePlaces);
    // Read-only for root too.
    expect(fileSystem.rootMount).toBe('ro');
    expect(fileSystem.writable).toEqual(['/dev/mqueue', '/dev/shm', '/tmp', '/workspace']);
  });

  it('can run what it writes to its workspace, and not what it writes to memory', async () => {
    const answer = await insideServer(server, () => {
      const { rmSync, writeFileSync } = process.getBuiltinModule('node:fs');
      const { spawnSync } = process.getBuiltinModule('node:child_process');
      return ['/workspace', '/tmp', '/dev/shm'].map((folder) => {
        const program = `${folder}/program`;
        writeFileSync(program, `#!${process.execPath}\n`, { mode: 0o755 });
        const { error, status } = spawnSync(program);
        rmSync(program);
        return error ? (error as NodeJS.ErrnoException).code : status;
      });
    });
    expect(answer).toEqual([0, 'EACCES', 'EACCES']);
  });

  it('cannot signal, trace or look into its bridge or the init process', async () => {
    const answers = await insideServer(server, () => {
      const { openSync, closeSync, readdirSync, readlinkSync } =
        process.getBuiltinModule('node:fs');
      const { spawn } = process.getBuiltinModule('node:child_process');
      const code = (act: () => unknown): unknown => {
        try {
          act();
          return 'done';
        } catch (error) {
          return (error as NodeJS.ErrnoException).code;
        }
      };
      const tryAll = (pid: number) => ({
        pid,
        // Opening mem asks the kernel for the right to trace.
        mem: code(() => closeSync(openSync(`/proc/${pid}/mem`, 'r+'))),
        environ: code(() => closeSync(openSync(`/proc/${pid}/environ`, 'r'))),
        maps: code(() => closeSync(openSync(`/proc/${pid}/maps`, 'r'))),
        fd: code(() => readdirSync(`/proc/${pid}/fd`)),
        root: code(() => readlinkSync(`/proc/${pid}/root`)),
        oom: code(() => closeSync(openSync(`/proc/${pid}/oom_score_adj`, 'r+'))),
        probe: code(() => process.kill(pid, 0)),
        debug: code(() => process.kill(pid, 'SIGUSR1')),
        kill: code(() => process.kill(pid, 'SIGKILL')),
      });
      const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e3)'], {
        stdio: 'ignore',
      });
      return [child.pid ?? 0, process.ppid, 1].map(tryAll);
    });
    const [own, ...others] = answers;
    expect(new Set(Object.values({ ...own, pid: 'done' }))).toEqual(new Set(['done']));
    expect(others.map(({ pid }) => pid).toSorted()).toEqual([1, expect.any(Number)]);
    for (const { pid, ...codes } of others) {
      const { probe, debug, kill, ...files } = codes;
      expect({ pid, probe, debug, kill }).toEqual({
        pid,
        probe: 'EPERM',
        debug: 'EPERM',
        kill: 'EPERM',
      });
      expect(new Set(Object.values(files))).toEqual(new Set(['EACCES']));
    }
  });

  it('cannot read or change what its bridge works from, nor come in at its own front door', async () => {
    const answers = await insideServer(server, async () => {
      const fs = process.getBuiltinModule('node:fs');
      const code = (act: () => unknown): unknown => {
        try {
          act();
          return 'done';
        } catch (error) {
          return (error as NodeJS.ErrnoException).code;
        }
      };
      const { status } = await fetch('http://127.0.0.1:8080/mcp', { method: 'POST', body: '{}' });
      return {
        settings: code(() => fs.readFileSync('/run/mcpd/bridge.json')),
        tokens: code(() => fs.readFileSync('/run/mcpd/tokens.json')),
        secrets: code(() => fs.readdirSync('/run/mcpd/secrets')),
        newToken: code(() => fs.writeFileSync('/run/mcpd/tokens.json', '{}')),
        logs: code(() => fs.readdirSync('/var/log/mcpd')),
        newLog: code(() => fs.writeFileSync('/var/log/mcpd/audit.jsonl', '')),
        program: code(() => fs.appendFileSync('/opt/mcpd/bridge.cjs', '')),
        status,
      };
    });
    expect(answers).toEqual({
      settings: 'EACCES',
      tokens: 'EACCES',
      secrets: 'EACCES',
      newToken: 'EACCES',
      logs: 'EACCES',
      newLog: 'EACCES',
      program: 'EACCES',
      status: 403,
    });
  });

  it('has the caps that were asked for', async () => {
    const caps = await insideServer(server, capsOfContainer);
    expect(caps).toEqual({ memory: memoryMiB * 2 ** 20, pids });
  });
});

describe('a server that takes all it can get', () => {
  let answers: number;
  let neighbour: { stop: () => Promise<void> };

  // Alice calls without a pause meanwhile: every call must be answered.
  beforeEach(async () => {
    answers = 0;
    const over = new AbortController();
    const client = await TestClient.connect(alice.servers[0]?.url ?? '', alice.token);
    const calling = (async () => {
      while (!over.signal.aborted) {
        await client.call('list_allowed_directories');
        answers += 1;
      }
    })();
    // Its failure is reported at the end; until then it must not count as unhandled.
    calling.catch(() => undefined);
    neighbour = {
      stop: async () => {
        over.abort();
        await calling;
        await client[Symbol.asyncDispose]();
      },
    };
    return neighbour.stop;
  });

  it('stops forking at the process cap, and the next session works', async () => {
    const bomber = await openSession();
    const { started, error } = await insideServer(bomber, async () => {
      const { spawn } = process.getBuiltinModule('node:child_process');
      const { once } = process.getBuiltinModule('node:events');
      for (let count = 0; ; count += 1) {
        try {
          await once(spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e3)']), 'spawn');
        } catch (reason) {
          return { started: count, error: (reason as NodeJS.ErrnoException).code };
        }
      }
    });
    expect({ started, error }).toEqual({ started: expect.any(Number), error: 'EAGAIN' });
    expect(started).toBeGreaterThan(0);
    expect(started).toBeLessThan(pids);
    expect(await healthz()).toBe('ok');
    const before = answers;
    await vi.waitUntil(() => answers > before + 2);
    // On a slow machine the bomb may have met its cap of memory by now, and its session have ended with it.
    await bomber[Symbol.asyncDispose]().catch((reason: unknown) => {
      if (!String(reason).endsWith('Not Found')) throw reason;
    });
    // The bomb takes seconds to end: it doesn't listen when it is asked to.
    await vi.waitFor(expectBridgeUnharmed, { timeout: 60_000, interval: 1_000 });
    await expect.poll(bombs, { timeout: 60_000 }).toBe(0);
  });

  it('leaves nothing running after its session, not even what left its process group', async () => {
    const daemons = await openSession();
    const group = await insideServer(daemons, async () => {
      const { spawn } = process.getBuiltinModule('node:child_process');
      const { once } = process.getBuiltinModule('node:events');
      const start = () =>
        spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e3)'], { detached: true });
      const started = [start(), start()];
      await Promise.all(started.map((one) => once(one, 'spawn')));
      return [process.pid, ...started.map(({ pid }) => pid ?? 0)];
    });
    expect(await running(group)).toEqual(group);
    await daemons[Symbol.asyncDispose]();
    await expect.poll(() => running(group), { timeout: 30_000 }).toEqual([]);
    await expectBridgeUnharmed();
  });

  it('is killed at the memory cap, its client is told so, and the next session works', async () => {
    const hog = await openSession();
    const filling = insideServer(hog, () => {
      for (const kept: Buffer[] = []; ;) kept.push(Buffer.alloc(2 ** 22, 1));
    });
    await expect(filling).rejects.toMatchObject({
      message: expect.stringMatching(`ran out of memory \\(cap ${memoryMiB} MiB\\)`) as string,
      data: { kind: 'out-of-memory', memoryBytes: memoryMiB * 2 ** 20 },
    });
    expect(await healthz()).toBe('ok');
    const before = answers;
    await vi.waitUntil(() => answers > before + 2);
    await expectBridgeUnharmed();
    await hog.client.close();
  });
});

/** What the bomb has left in bob's container. */
function bombs(): Promise<number> {
  return besideServer(tenancy, 'bob/laboratory', () => {
    const { readdirSync, readFileSync } = process.getBuiltinModule('node:fs');
    return readdirSync('/proc').filter((name) => {
      try {
        return readFileSync(`/proc/${name}/cmdline`, 'utf8').endsWith(
          'setInterval(() => {}, 1e3)\0',
        );
      } catch {
        return false;
      }
    }).length;
  });
}

/** Those of these processes in bob's container that still run. */
function running(processes: readonly number[]): Promise<number[]> {
  const look = (wanted: readonly number[]): number[] => {
    const { readFileSync } = process.getBuiltinModule('node:fs');
    return wanted.filter((pid) => {
      try {
        return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
      } catch {
        return false;
      }
    });
  };
  return besideServer(tenancy, 'bob/laboratory', look, processes);
}

async function healthz(): Promise<string> {
  return (await fetch(new URL('/healthz', bob.servers[0]?.url))).text();
}

import { once } from 'node:events';
import { existsSync, lstatSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { callTool } from '../support/call-tool.ts';
import { TestClient } from '../support/client.ts';
import { insideServer } from '../support/inside.ts';
import { capsOfContainer, statusOfProcesses, writablePlaces } from '../support/remote.ts';
import type { Tenancy } from '../support/tenancy.ts';
import { canBeUnprivileged, Unprivileged } from '../support/unprivileged.ts';

const root = join(import.meta.dirname, '../..');
const laboratory = join(root, 'test/fixtures/laboratory');

describe.runIf(canBeUnprivileged)('not as root', () => {
  let account: Unprivileged;
  let tenancy: Tenancy;

  beforeAll(async () => {
    account = await Unprivileged.open();
    ({ tenancy } = account);
    await tenancy.json(['image', 'build', 'memory', 'filesystem']);
  });

  afterAll(() => account[Symbol.asyncDispose]());

  async function leftovers(): Promise<string[]> {
    const runtime = await readdir(join(account.folder, 'mcpd')).catch(() => []);
    const users = await readdir(join(tenancy.home, 'users')).catch(() => []);
    return [...(await tenancy.objects()), ...runtime, ...users];
  }

  it('what a CI job needs works unprivileged in the docker group: run, gc, user add, list and remove', async () => {
    const job = join(import.meta.dirname, 'children/ci-job.ts');
    const add = ['--server', 'filesystem', '--run-id', '42', '--ttl', '10m'];
    const [ran, bob] = await Promise.all([
      tenancy.run(['run', '--server', 'memory', '--', process.execPath, job]),
      tenancy.addUser('bob', ...add),
    ]);
    expect(ran.code, ran.stderr).toBe(0);
    expect(JSON.parse(ran.stdout)).toMatchObject({ tools: { memory: 9 } });

    const written = { path: '/workspace/note.txt', content: 'mine' };
    const url = bob.servers[0]?.url ?? '';
    await callTool({ url, token: bob.token, tool: 'write_file', args: written });
    expect(lstatSync(join(bob.user.workspace, 'note.txt')).uid).toBe(bob.user.uid);
    expect(bob.user.uid).toBe(lstatSync(account.folder).uid);
    expect(await tenancy.json(['user', 'list', '--run-id', '42'])).toMatchObject({
      users: [{ name: 'bob' }],
    });
    await tenancy.json(['user', 'remove', '--run-id', '42', '--purge', '--yes']);
    expect(existsSync(bob.user.workspace)).toBe(false);

    const child = tenancy.start(['run', '--server', 'memory', '--', 'sh', '-c', 'echo $$; read _']);
    const [pid] = (await once(child.stdout ?? child, 'data')) as [Buffer];
    child.kill('SIGKILL');
    await once(child, 'exit');
    process.kill(-Number(pid), 'SIGKILL');
    expect(await tenancy.json(['gc'])).toMatchObject({ removed: [{ kind: 'user' }] });
    expect(await leftovers()).toEqual([]);
  });

  it('a server has no capabilities, has the caps that were asked for, and writes where its bridge does but nowhere else', async () => {
    const caps = ['--memory', '160m', '--pids', '96'];
    const bob = await tenancy.addUser('bob', '--server', laboratory, ...caps);
    const { uid } = bob.user;
    const server = await TestClient.connect(bob.servers[0]?.url ?? '', bob.token);
    const none = '0000000000000000';
    for (const status of await insideServer(server, statusOfProcesses)) {
      expect(status).toMatchObject({
        Uid: [uid, uid, uid, uid].join('\t'),
        Groups: `${uid} `,
        CapPrm: none,
        CapEff: none,
        CapAmb: none,
        // Its bridge starts it as who it is itself, and keeps nothing for that.
        CapBnd: none,
        NoNewPrivs: '1',
        Seccomp: '2',
      });
    }
    const { rootMount, writable } = await insideServer(server, writablePlaces);
    expect(rootMount).toBe('ro');
    // What its bridge records is written by the same uid.
    expect(writable.filter((path) => !path.startsWith('/var/log/mcpd/'))).toEqual([
      '/dev/mqueue',
      '/dev/shm',
      '/run/mcpd-user',
      '/tmp',
      '/var/log/mcpd',
      '/workspace',
    ]);
    expect(await insideServer(server, capsOfContainer)).toEqual({
      memory: 160 * 2 ** 20,
      pids: 96,
    });
    await server[Symbol.asyncDispose]();
    await tenancy.json(['user', 'remove', 'bob', '--purge', '--yes']);
  });

  it('the steps of the GitHub action run a command, and its output is all that is left', async () => {
    const text = await readFile(join(root, 'action.yml'), 'utf8');
    const { runs } = parse(text) as { runs: { steps: { run: string }[] } };
    const output = join(account.folder, 'output');
    const env = {
      GITHUB_ACTION_PATH: root,
      GITHUB_RUN_ID: '7',
      COMMAND: `echo "$MCPD_URL" > ${output}; [ -n "$MCPD_TOKEN" ]`,
      SERVER: 'memory',
      TTL: '10m',
      ARTIFACTS: join(account.folder, 'artifacts'),
    };
    for (const { run } of runs.steps)
      await account.run(['bash', '-eo', 'pipefail', '-c', run], env);
    expect(await readFile(output, 'utf8')).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/mcp\n$/);
    expect(existsSync(env.ARTIFACTS)).toBe(false);
    expect(await leftovers()).toEqual([]);
  });
});

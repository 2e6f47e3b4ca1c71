import { readlink } from 'node:fs/promises';
import { basename } from 'node:path';
import { expect, it } from 'vitest';
import { callTool } from '../support/call-tool.ts';
import { Listener } from '../support/listener.ts';
import { snapshot } from '../support/snapshot.ts';
import { Tenancy } from '../support/tenancy.ts';
import { unusedPorts } from '../support/unused.ts';

interface Ports {
  readonly ports: readonly {
    readonly port: number;
    readonly server: string | null;
    readonly state: string;
    readonly holder: { readonly kind: string; readonly name: string; readonly pid: number } | null;
    readonly conflict: boolean;
  }[];
}

it.each(['127.0.0.1', '0.0.0.0'])(
  'a port that a foreign process holds on %s is skipped, and mcpd ports says who it is',
  async (host) => {
    const start = await unusedPorts(10);
    await using tenancy = await Tenancy.open({ ports: { start, end: start + 9 } });
    await using stranger = await Listener.on(start, host);
    const { servers } = await tenancy.addUser('bob');
    expect(servers).toMatchObject([{ port: start + 1, ready: true }]);

    const { ports } = await tenancy.json<Ports>(['ports']);
    expect(ports).toMatchObject([
      { port: start, server: null, holder: { kind: 'process', pid: stranger.pid } },
      {
        port: start + 1,
        server: 'filesystem',
        state: 'held',
        holder: { kind: 'container', name: expect.stringContaining('bob-filesystem') as string },
        conflict: false,
      },
    ]);
    const { stdout } = await tenancy.run(['ports']);
    expect(stdout).toMatch(new RegExp(`${start}.*pid ${stranger.pid}`));
  },
  120_000,
);

it('a server whose port was stolen while it was stopped stays stopped until the thief is gone', async () => {
  await using tenancy = await Tenancy.open();
  const { servers, token } = await tenancy.addUser('bob');
  const [{ port, url }] = servers as [(typeof servers)[number]];
  await tenancy.json(['stop', 'bob']);
  const before = await snapshot(tenancy);
  {
    await using thief = await Listener.on(port, '0.0.0.0');
    const name = basename(await readlink(`/proc/${thief.pid}/exe`));
    const error = await tenancy.fails(['start', 'bob']);
    expect(error).toMatchObject({ exit: 4, code: 'PORT_TAKEN' });
    expect(error.message).toContain(`Port ${port} is held by ${name} (pid ${thief.pid})`);
    expect(error.suggestions).not.toEqual([]);
    expect((await tenancy.run(['start', 'bob'])).code).toBe(4);

    const after = await snapshot(tenancy);
    expect(after.rows).toEqual(before.rows);
    expect(after.files).toEqual(before.files);
    const { ports } = await tenancy.json<Ports>(['ports']);
    expect(ports.find((row) => row.port === port)).toMatchObject({
      server: 'filesystem',
      holder: { kind: 'process', name, pid: thief.pid },
      conflict: true,
    });
  }
  expect(await tenancy.json(['start', 'bob'])).toMatchObject({
    servers: [{ port, url, ready: true }],
  });
  expect(await callTool({ url, token, tool: 'list_allowed_directories' })).toContain('/workspace');
}, 120_000);

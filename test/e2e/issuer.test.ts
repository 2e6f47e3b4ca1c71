import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { callTool } from '../support/call-tool.ts';
import { inspectServer } from '../support/inside.ts';
import { audience, startOidcIssuer, type OidcIssuer } from '../support/oidc-issuer.ts';
import { Tenancy, type AddedUser } from '../support/tenancy.ts';

const stack = new AsyncDisposableStack();
let tenancy: Tenancy;
let issuer: OidcIssuer;
let bob: AddedUser;
let alice: AddedUser;

beforeAll(async () => {
  issuer = stack.use(await startOidcIssuer(['agent', 'alice', 'stranger']));
  const oidc = { issuer: issuer.url, audience, users: ['agent=bob', 'alice=alice'] };
  tenancy = stack.use(await Tenancy.open({ oidc }));
  [bob, alice] = (await Promise.all([
    tenancy.addUser('bob', '--server', 'everything,memory'),
    tenancy.addUser('alice', '--server', 'memory'),
  ])) as [AddedUser, AddedUser];
});

afterAll(() => stack.disposeAsync());

/** The status that a server answers `initialize` with. */
async function knock({ servers }: AddedUser, name: string, token: string): Promise<number> {
  const response = await fetch(servers.find((one) => one.name === name)?.url ?? '', {
    method: 'POST',
    headers: {
      Authorization: `Bearer ${token}`,
      'Content-Type': 'application/json',
      Accept: 'application/json, text/event-stream',
    },
    body: JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'initialize',
      params: {
        protocolVersion: '2025-11-25',
        capabilities: {},
        clientInfo: { name: 'test', version: '1' },
      },
    }),
  });
  await response.body?.cancel();
  return response.status;
}

interface Made {
  readonly value: string;
  readonly token: { readonly id: string };
}

interface Listed {
  readonly tokens: readonly { readonly id: string; readonly lastUsedAt: string | null }[];
}

describe('a token of mcpd', () => {
  it('for one server is answered 401 by the user’s others, also after they were replaced', async () => {
    const make = ['token', 'create', 'bob', '--name', 'narrow', '--server', 'memory'];
    const { value } = await tenancy.json<Made>(make);
    const both = () => Promise.all(['memory', 'everything'].map((one) => knock(bob, one, value)));
    expect(await both()).toEqual([200, 401]);
    await tenancy.json(['up', 'bob']);
    expect(await both()).toEqual([200, 401]);
  });

  it('that is rotated works beside the new one until its overlap is over, without mcpd', async () => {
    const old = await tenancy.json<Made>(['token', 'create', 'bob', '--name', 'ci']);
    expect(await knock(bob, 'memory', old.value)).toBe(200);
    const next = await tenancy.json<Made>(['token', 'rotate', 'bob', 'ci', '--overlap', '4s']);
    const both = () => Promise.all([old, next].map(({ value }) => knock(bob, 'memory', value)));
    expect(await both()).toEqual([200, 200]);
    await expect.poll(both, { timeout: 20_000, interval: 200 }).toEqual([401, 200]);
    await expect
      .poll(async () => {
        const { tokens } = await tenancy.json<Listed>(['token', 'list', 'bob']);
        return tokens.find(({ id }) => id === next.token.id)?.lastUsedAt;
      })
      .toEqual(expect.any(String));
  });
});

describe('a token of the trusted issuer', () => {
  it('opens the servers of the user that it is mapped to, and nobody else’s', async () => {
    const token = await issuer.tokenFor('agent');
    const url = bob.servers.find(({ name }) => name === 'memory')?.url ?? '';
    expect(await callTool({ url, token, tool: 'read_graph' })).toContain('entities');
    expect(await knock(bob, 'everything', token)).toBe(200);
    expect(await knock(alice, 'memory', token)).toBe(401);
    expect(await knock(alice, 'memory', await issuer.tokenFor('alice'))).toBe(200);
    expect(await knock(bob, 'memory', await issuer.tokenFor('stranger'))).toBe(401);
  });

  it('is accepted over a rotation of keys, an issuer that is dead, and no longer than it is trusted', async () => {
    const container = await inspectServer(tenancy, 'bob', 'memory');
    const before = await issuer.tokenFor('agent');
    await issuer.rotate();
    const after = await issuer.tokenFor('agent');
    const both = () => Promise.all([before, after].map((one) => knock(bob, 'memory', one)));
    expect(await both()).toEqual([200, 401]);
    const refresh = ['oidc', 'refresh'];
    expect(await tenancy.json(refresh)).toMatchObject({ changed: true, keys: 2, servers: 3 });
    expect(await both()).toEqual([200, 200]);
    expect(await tenancy.json(refresh)).toMatchObject({ changed: false });
    expect(await tenancy.json(['oidc', 'show'])).toMatchObject({
      state: 'good',
      keys: [{}, {}],
      users: [
        { user: 'alice', values: ['alice'] },
        { user: 'bob', values: ['agent'] },
      ],
    });
    await issuer.rotate({ forget: true });
    expect(await tenancy.json(refresh)).toMatchObject({ changed: true, keys: 1 });
    expect(await both()).toEqual([401, 401]);
    const latest = await issuer.tokenFor('agent');
    expect(await knock(bob, 'memory', latest)).toBe(200);

    await issuer.stop();
    expect(await tenancy.fails(refresh)).toMatchObject({ code: 'ISSUER_UNREACHABLE', exit: 6 });
    await tenancy.json(['restart', 'bob/memory']);
    expect(await knock(bob, 'memory', latest)).toBe(200);
    // A millisecond: the last keys are too old for that.
    await tenancy.json(['config', 'set', 'oidc.maxAgeHours', '0.0000003']);
    await tenancy.fails(refresh);
    expect(await knock(bob, 'memory', latest)).toBe(401);
    await tenancy.json(['config', 'set', 'oidc.maxAgeHours', '24']);
    await tenancy.json(['config', 'set', 'oidc.users', 'alice=alice']);
    await tenancy.fails(refresh);
    expect(await knock(bob, 'memory', latest)).toBe(401);
    const { Id } = await inspectServer(tenancy, 'bob', 'memory');
    expect(Id).toBe(container.Id);
  });
});

import { createHmac } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { request, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { decodeJwt, exportJWK, generateKeyPair, importJWK, SignJWT, type JWK } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { callTool } from '../support/call-tool.ts';
import { TestClient } from '../support/client.ts';
import { inspectServer } from '../support/inside.ts';
import { Tenancy, type AddedUser } from '../support/tenancy.ts';

const page = 'https://page.example';
const stack = new AsyncDisposableStack();
let tenancy: Tenancy;
let bob: AddedUser;
let alice: AddedUser;
/** The pair that signs this home's tokens. */
let homeKey: JWK;

beforeAll(async () => {
  tenancy = stack.use(await Tenancy.open({ origins: [page] }));
  [bob, alice] = (await Promise.all([
    tenancy.addUser('bob', '--server', 'memory'),
    tenancy.addUser('alice', '--server', 'memory'),
  ])) as [AddedUser, AddedUser];
  homeKey = JSON.parse(await readFile(join(tenancy.home, 'keys/token.jwk'), 'utf8')) as JWK;
});

afterAll(() => stack.disposeAsync());

interface Answer {
  readonly status: number;
  readonly challenge: string | undefined;
  readonly session: string | undefined;
  readonly body: string;
}

interface Call {
  readonly method?: string;
  readonly url?: string;
  readonly headers?: Record<string, string>;
  readonly body?: object;
}

const initialize = {
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: {
    protocolVersion: '2025-11-25',
    capabilities: {},
    clientInfo: { name: 'test', version: '1' },
  },
};

/** One request as a client would make it, `initialize` unless something else is asked for. */
async function send({
  method = 'POST',
  url = urlOf(bob),
  headers = {},
  body,
}: Call): Promise<Answer> {
  const usual = {
    'Content-Type': 'application/json',
    Accept: 'application/json, text/event-stream',
  };
  const sent = request(url, { method, headers: { ...usual, ...headers } });
  sent.end(method === 'POST' ? JSON.stringify(body ?? initialize) : undefined);
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    sent.on('response', resolve).on('error', reject);
  });
  const { statusCode: status = 0, headers: received } = response;
  const session = received['mcp-session-id'];
  return {
    status,
    challenge: received['www-authenticate'],
    session: typeof session === 'string' ? session : undefined,
    body: await text(response),
  };
}

function withToken(token: string, more: Record<string, string> = {}): Pick<Call, 'headers'> {
  return { headers: { Authorization: `Bearer ${token}`, ...more } };
}

function urlOf({ servers }: AddedUser): string {
  return servers[0]?.url ?? '';
}

/** A token with bob's own claims, but for these, signed with the home's own key or another. */
async function mint(claims: Record<string, unknown>, key: JWK = homeKey): Promise<string> {
  return new SignJWT({ ...decodeJwt(bob.token), ...claims })
    .setProtectedHeader({ alg: 'EdDSA', typ: 'JWT' })
    .sign(await importJWK(key, 'EdDSA'));
}

/** A token whose header and signature are what somebody says they are. */
function forge(header: object, sign: (input: string) => string): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const input = `${part(header)}.${part(decodeJwt(bob.token))}`;
  return `${input}.${sign(input)}`;
}

const seconds = (fromNow: number) => Math.floor(Date.now() / 1000) + fromNow;

const refused: Record<string, () => string | Promise<string>> = {
  'is no token at all': () => 'let-me-in',
  'is empty': () => '',
  'has expired': () => mint({ exp: seconds(-1) }),
  'never expires': () => mint({ exp: undefined }),
  'is not valid yet': () => mint({ nbf: seconds(3600) }),
  'is another user’s': () => alice.token,
  'names another user as its audience': () => mint({ aud: decodeJwt(alice.token).aud }),
  'names another installation': () => mint({ iss: 'mcpd:elsewhere' }),
  'has an id that was never given out': () => mint({ jti: 'tnever' }),
  'has no id': () => mint({ jti: undefined }),
  'is signed by another key': async () => {
    const { privateKey } = await generateKeyPair('EdDSA', { extractable: true });
    return mint({}, await exportJWK(privateKey));
  },
  'has a changed payload': () => {
    const [header, , signature] = bob.token.split('.');
    const payload = { ...decodeJwt(bob.token), scope: 'everything' };
    return [header, Buffer.from(JSON.stringify(payload)).toString('base64url'), signature].join(
      '.',
    );
  },
  'is unsigned': () => forge({ alg: 'none' }, () => ''),
  'is signed with the public key as if it were a shared secret': () =>
    forge({ alg: 'HS256' }, (input) =>
      createHmac('sha256', Buffer.from(homeKey.x ?? '', 'base64url'))
        .update(input)
        .digest('base64url'),
    ),
};

describe('a request', () => {
  it('with the user’s token is served, also one that the test signs', async () => {
    for (const token of [bob.token, await mint({}), await mint({ exp: seconds(60) })]) {
      expect(await send(withToken(token))).toMatchObject({ status: 200 });
    }
  });

  it('without a token is answered 401 with the address of the metadata, which tells how to ask', async () => {
    const { status, challenge = '' } = await send({});
    expect(status).toBe(401);
    const address = /^Bearer resource_metadata="([^"]+)"$/.exec(challenge)?.[1] ?? '';
    const metadata = await send({ method: 'GET', url: address });
    expect(metadata.status).toBe(200);
    expect(JSON.parse(metadata.body)).toMatchObject({
      resource: urlOf(bob),
      bearer_methods_supported: ['header'],
    });
  });

  it.each(Object.keys(refused))('is answered 401 when its token %s', async (name) => {
    const token = (await refused[name]?.()) ?? '';
    const { status, challenge, body } = await send(withToken(token));
    expect({ status, challenge }).toEqual({
      status: 401,
      challenge: expect.stringMatching(
        /^Bearer error="invalid_token", resource_metadata="http/,
      ) as string,
    });
    expect(body).not.toContain(token || 'never');
  });

  it.each(['GET', 'DELETE'])(
    'is answered 401 on %s too, whatever session it names',
    async (method) => {
      const { session = '' } = await send(withToken(bob.token));
      const headers = { 'Mcp-Session-Id': session };
      expect(await send({ method, headers })).toMatchObject({ status: 401 });
      expect(await send({ method, ...withToken(alice.token, headers) })).toMatchObject({
        status: 401,
      });
      expect(await send({ method: 'DELETE', ...withToken(bob.token, headers) })).toMatchObject({
        status: 204,
      });
    },
  );

  it.each(['access_token', 'token'])(
    'is answered 401 with its token in the query as %s',
    async (name) => {
      const url = `${urlOf(bob)}?${name}=${bob.token}`;
      expect(await send({ url })).toMatchObject({ status: 401 });
    },
  );

  it('from a page is answered 403, unless the host allows that origin', async () => {
    for (const origin of [
      'https://evil.example',
      'null',
      new URL(urlOf(bob)).origin,
      `${page}:8443`,
    ]) {
      expect(await send(withToken(bob.token, { Origin: origin }))).toMatchObject({ status: 403 });
    }
    expect(await send(withToken(bob.token, { Origin: page }))).toMatchObject({ status: 200 });
  });

  it('for another host name is answered 403, as when a page’s name is bound to this address', async () => {
    const { port } = new URL(urlOf(bob));
    for (const host of [`evil.example:${port}`, 'evil.example', '127.0.0.1', '127.0.0.1:8080']) {
      expect(await send(withToken(bob.token, { Host: host }))).toMatchObject({ status: 403 });
    }
    expect(await send(withToken(bob.token, { Host: `localhost:${port}` }))).toMatchObject({
      status: 200,
    });
  });
});

describe('a token', () => {
  interface Created {
    readonly value: string;
  }

  function create(name: string, ...flags: string[]): Promise<Created> {
    return tenancy.json(['token', 'create', 'bob', '--name', name, ...flags]);
  }

  it('works at once when it is made, and not from the request on that follows its revocation', async () => {
    const before = await inspectServer(tenancy, 'bob', 'memory');
    const { value } = await create('laptop');
    const client = await TestClient.connect(urlOf(bob), value);
    await client.call('read_graph');
    await tenancy.json(['token', 'revoke', 'bob', 'laptop', '--yes']);
    // In the middle of a session, and for a new one.
    await expect(client.call('read_graph')).rejects.toMatchObject({ code: 401 });
    expect(await send(withToken(value))).toMatchObject({ status: 401 });
    await client.client.close();
    // The user's other tokens go on, and so does the container.
    expect(await send(withToken(bob.token))).toMatchObject({ status: 200 });
    const { Id, State } = await inspectServer(tenancy, 'bob', 'memory');
    expect({ Id, State }).toEqual({ Id: before.Id, State: before.State });
  });

  it('that is revoked loses the stream it has open', async () => {
    const { value } = await create('stream');
    const { session = '' } = await send(withToken(value));
    const headers = { 'Mcp-Session-Id': session, 'Mcp-Protocol-Version': '2025-11-25' };
    const stream = await fetch(urlOf(bob), {
      headers: { ...withToken(value, headers).headers, Accept: 'text/event-stream' },
    });
    expect(stream.status).toBe(200);
    const ended = stream.text().then(
      () => 'ended',
      () => 'cut',
    );
    await tenancy.json(['token', 'revoke', 'bob', 'stream', '--yes']);
    expect(['ended', 'cut']).toContain(await ended);
  });

  it('with a --ttl stops working when it is over', async () => {
    const { value } = await create('brief', '--ttl', '5s');
    expect(await send(withToken(value))).toMatchObject({ status: 200 });
    await expect
      .poll(() => send(withToken(value)), { timeout: 20_000 })
      .toMatchObject({ status: 401 });
    expect(Date.now() / 1000).toBeGreaterThanOrEqual(decodeJwt(value).exp ?? Infinity);
  });

  it('stays revoked, and the others stay valid, over a restart of the server', async () => {
    const { value } = await create('gone');
    await tenancy.json(['token', 'revoke', 'bob', 'gone', '--yes']);
    await tenancy.json(['restart', 'bob']);
    expect(await send(withToken(value))).toMatchObject({ status: 401 });
    expect(await callTool({ url: urlOf(bob), token: bob.token, tool: 'read_graph' })).toContain(
      'entities',
    );
  });

  it('that may only read lists the tools and calls none', async () => {
    const { value } = await create('reader', '--scope', 'tools:read');
    await using client = await TestClient.connect(urlOf(bob), value);
    expect((await client.client.listTools()).tools).not.toEqual([]);
    await expect(client.call('read_graph')).rejects.toMatchObject({ code: 403 });
  });
});

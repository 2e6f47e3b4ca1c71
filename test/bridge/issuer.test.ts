import {
  exportJWK,
  generateKeyPair,
  SignJWT,
  UnsecuredJWT,
  type CryptoKey,
  type JWTPayload,
} from 'jose';
import { expect, test } from 'vitest';
import type { IssuerKey, TrustedIssuer } from '../../src/policy/trusted-issuer.ts';
import { scopes } from '../../src/policy/scopes.ts';
import { initialize, startBridge, type TestBridge } from './harness.ts';

const body = JSON.stringify(initialize('2025-11-25'));
const login = 'https://login.example';

interface Pair {
  readonly kid: string;
  readonly alg: string;
  readonly privateKey: CryptoKey;
  readonly jwk: IssuerKey;
}

async function makePair(kid: string, alg = 'ES256'): Promise<Pair> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  const jwk = { ...(await exportJWK(publicKey)), kid, alg } as IssuerKey;
  return { kid, alg, privateKey, jwk };
}

/** A bridge of bob's that trusts an issuer, which signs with one key. */
async function startTrusting(rules: Partial<TrustedIssuer> = {}) {
  const bridge = await startBridge();
  const pair = await makePair('k1');
  const trusted: TrustedIssuer = {
    issuer: login,
    audience: 'mcpd',
    userClaim: 'sub',
    values: ['bob@example.com', 'bob'],
    scopes,
    scopeClaim: null,
    keys: [pair.jwk],
    until: bridge.clock.now() + 3_600_000,
    ...rules,
  };
  const trust = (changes: Partial<TrustedIssuer>): void =>
    bridge.setIssuer({ ...trusted, ...changes });
  trust({});
  const mint = (claims: JWTPayload = {}, { privateKey, alg, kid } = pair): Promise<string> =>
    new SignJWT(claimsOf(bridge, claims)).setProtectedHeader({ alg, kid }).sign(privateKey);
  const statusOf = async (token: string): Promise<number> =>
    (await bridge.call({ body, headers: { authorization: `Bearer ${token}` } })).status;
  return { ...bridge, pair, trusted, trust, mint, statusOf };
}

function claimsOf({ clock }: TestBridge, claims: JWTPayload): JWTPayload {
  const now = Math.floor(clock.now() / 1000);
  return { iss: login, aud: 'mcpd', sub: 'bob', exp: now + 600, ...claims };
}

test('a token of the trusted issuer opens the servers of the user that it is mapped to', async () => {
  const { mint, statusOf, open, tool, usedTokens, bridge } = await startTrusting();
  const token = await mint({ sub: 'bob@example.com', jti: 't1' });
  const session = await open('2025-11-25', token);
  expect(await statusOf(token)).toBe(200);
  bridge.sweep();
  // Its id is of no token of ours, whatever its issuer calls it.
  expect(usedTokens()).toEqual({});
  // The session is the subject's, which the user's own token is not.
  expect((await tool(session, 'echo', { text: 'x' })).status).toBe(404);
});

test('tokens that are not for this user, or not valid, are refused', async () => {
  const { mint, statusOf, pair, clock, trusted } = await startTrusting();
  const now = Math.floor(clock.now() / 1000);
  const foreign = await makePair('k1');
  const symmetric = new TextEncoder().encode(JSON.stringify(trusted.keys[0]));
  const claims: JWTPayload = { iss: login, aud: 'mcpd', sub: 'bob', exp: now + 600 };
  const tokens = {
    'of another user': await mint({ sub: 'alice' }),
    'of a user whose name begins alike': await mint({ sub: 'bob2' }),
    'of nobody': await mint({ sub: undefined as never }),
    'of several users': await mint({ sub: ['bob'] as unknown as string }),
    'of another issuer': await mint({ iss: 'https://elsewhere.example' }),
    'that claims to be ours': await mint({ iss: 'mcpd', jti: 't1', aud: 'test/bob' }),
    'for another audience': await mint({ aud: 'shop' }),
    'without an audience': await mint({ aud: undefined as never }),
    'that has expired': await mint({ exp: now - 1 }),
    'that never expires': await mint({ exp: undefined as never }),
    'that is not valid yet': await mint({ nbf: now + 60 }),
    'signed by another key of that id': await mint({}, foreign),
    unsigned: new UnsecuredJWT(claims).encode(),
    'signed with the public key as a shared secret': await new SignJWT(claims)
      .setProtectedHeader({ alg: 'HS256', kid: pair.kid })
      .sign(symmetric),
  };
  for (const [what, token] of Object.entries(tokens)) expect(await statusOf(token), what).toBe(401);
  expect(await statusOf(await mint())).toBe(200);
});

test('its tokens may do what the host grants them, narrowed by a claim where one is named', async () => {
  const { mint, open, rpc, trust } = await startTrusting({ scopes: ['tools:read'] });
  const callStatus = async (claims: JWTPayload = {}): Promise<number> => {
    const token = await mint({ sub: 'bob', ...claims });
    const session = await open('2025-11-25', token);
    const headers = { authorization: `Bearer ${token}` };
    const message = { id: 1, method: 'tools/call', params: { name: 'echo', arguments: {} } };
    return (await rpc(session, message, { headers })).status;
  };
  expect(await callStatus({ scope: 'admin tools:call' })).toBe(403);
  trust({ scopes });
  expect(await callStatus()).toBe(200);
  trust({ scopes, scopeClaim: 'scope' });
  expect(await callStatus()).toBe(403);
  expect(await callStatus({ scope: 'openid tools:call' })).toBe(200);
  trust({ scopes, scopeClaim: 'scp' });
  expect(await callStatus({ scp: ['tools:read', 'tools:call'] })).toBe(200);
});

test('a new key is good once the host has fetched it, and an old one as long as the issuer names it', async () => {
  const { mint, statusOf, trust, pair, log } = await startTrusting();
  const next = await makePair('k2', 'RS256');
  const [before, after] = [await mint(), await mint({}, next)];
  expect([await statusOf(before), await statusOf(after)]).toEqual([200, 401]);
  expect(log.filter((line) => line.includes('key that is not known'))).toHaveLength(1);
  trust({ keys: [next.jwk, pair.jwk] });
  expect([await statusOf(before), await statusOf(after)]).toEqual([200, 200]);
  trust({ keys: [next.jwk] });
  expect([await statusOf(before), await statusOf(after)]).toEqual([401, 200]);
});

test('without fresh keys tokens are refused, until there are some again', async () => {
  const { mint, statusOf, trust, clock, log } = await startTrusting();
  const token = await mint({ exp: Math.floor(clock.now() / 1000) + 36_000 });
  expect(await statusOf(token)).toBe(200);
  clock.advance(3_600_000);
  expect(await statusOf(token)).toBe(401);
  expect(log.join()).toContain('keys of https://login.example are too old');
  trust({ until: clock.now() + 1_000 });
  expect(await statusOf(token)).toBe(200);
});

test('a user who is mapped no more, or an issuer trusted no more, loses streams and requests at once', async () => {
  const { mint, statusOf, open, stream, trust, setIssuer, bridge, trusted } = await startTrusting();
  const headers = { authorization: `Bearer ${await mint()}` };
  for (const end of [() => trust({ values: ['alice'] }), () => setIssuer(undefined)]) {
    trust({});
    const session = await open('2025-11-25', await mint());
    const listening = await stream(session, { headers });
    expect(listening.status).toBe(200);
    // Fresh keys leave it open.
    trust({ keys: [...trusted.keys, (await makePair('k2')).jwk], until: trusted.until + 1 });
    bridge.sweep();
    expect((await stream(session, { headers })).status).toBe(200);
    end();
    bridge.sweep();
    await listening.closed;
    expect(await statusOf(await mint())).toBe(401);
  }
});

test('an address that its issuer has not verified is nobody’s', async () => {
  const { mint, statusOf } = await startTrusting({ userClaim: 'email' });
  const email = 'bob@example.com';
  expect(await statusOf(await mint({ email, email_verified: false }))).toBe(401);
  expect(await statusOf(await mint({ email, email_verified: true }))).toBe(200);
  expect(await statusOf(await mint({ email }))).toBe(200);
});

test('the metadata names the issuer that is trusted now', async () => {
  const { call, setIssuer } = await startTrusting();
  const path = '/.well-known/oauth-protected-resource/mcp';
  const named = async (): Promise<unknown> =>
    (await call({ method: 'GET', path })).json['authorization_servers'];
  expect(await named()).toEqual([login]);
  setIssuer(undefined);
  expect(await named()).toBeUndefined();
});

import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { hostConfigSchema } from '../../../src/config/schema.ts';
import { fetchIssuerKeys } from '../../../src/oidc/fetch-keys.ts';
import { fetchAndKeep, freshIssuerKeys } from '../../../src/oidc/keys.ts';
import { trustedIssuer } from '../../../src/oidc/trust.ts';
import type { Progress } from '../../../src/progress.ts';
import { temporaryRegistry } from '../registry/temporary.ts';

const rsa = { kty: 'RSA', kid: 'r', n: 'AQAB', e: 'AQAB' };
const { signal } = new AbortController();

/** An issuer on loopback that says what `answers` has at a path, or redirects, or is silent. */
async function startIssuer(jwks: unknown = { keys: [rsa] }) {
  const answers = new Map<string, unknown>();
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    asked.push(path);
    const answer = answers.get(path);
    if (answer === 'redirect') response.writeHead(302, { Location: `${url}/elsewhere` }).end();
    else if (answer === undefined) response.writeHead(404).end();
    else response.end(typeof answer === 'string' ? answer : JSON.stringify(answer));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const discovery = '/.well-known/openid-configuration';
  answers.set(discovery, { issuer: url, jwks_uri: `${url}/jwks` }).set('/jwks', jwks);
  answers.set('/elsewhere', { issuer: url, jwks_uri: `${url}/jwks` });
  return { url, answers, asked, discovery };
}

test('public keys for signatures are taken, without members that are nobody’s business', async () => {
  const { url } = await startIssuer({
    keys: [
      { ...rsa, d: 'private', use: 'sig' },
      { kty: 'oct', k: 'shared', kid: 's' },
      { ...rsa, kid: 'for encryption', use: 'enc' },
      { ...rsa, kid: 'symmetric', alg: 'HS256' },
      7,
    ].slice(0, 4),
  });
  expect(await fetchIssuerKeys(url, signal)).toEqual([{ ...rsa, use: 'sig' }]);
});

test.each<[string, string, unknown, RegExp]>([
  ['calls itself otherwise', 'discovery', { issuer: 'https://x', jwks_uri: 'https://x' }, /calls/],
  ['has its keys elsewhere without TLS', 'keys', 'http://10.0.0.1/jwks', /without TLS/],
  ['is redirected', 'discovery', 'redirect', /did not answer/],
  ['answers with no JSON', '/jwks', '<html>', /is no JSON/],
  ['answers too much', '/jwks', `"${'x'.repeat(300_000)}"`, /larger than 256 KiB/],
  ['has no keys', '/jwks', { keys: [] }, /none of its keys/],
  ['has rubbish for keys', '/jwks', { keys: 'k' }, /no JSON Web Key Set/],
])('an issuer that %s is refused', async (_what, where, answer, reason) => {
  const { url, answers, discovery } = await startIssuer();
  if (where === 'keys') answers.set(discovery, { issuer: url, jwks_uri: answer });
  else answers.set(where === 'discovery' ? discovery : where, answer);
  await expect(fetchIssuerKeys(url, signal)).rejects.toMatchObject({
    message: expect.stringMatching(reason) as string,
    exitCode: 6,
  });
});

async function makeWorld() {
  const issuer = await startIssuer();
  const box = temporaryRegistry();
  onTestFinished(() => box[Symbol.dispose]());
  const { home, registry } = box;
  const notices: string[] = [];
  const progress: Progress = {
    notice: (line) => void notices.push(line),
    steps: async () => undefined,
    beside: () => progress,
  };
  let now = Date.UTC(2026, 0, 1);
  const oidc = { issuer: issuer.url, audience: 'mcpd', users: ['*'], maxAgeHours: 2 };
  const context = {
    home,
    registry,
    config: hostConfigSchema.parse({ oidc }),
    clock: { now: () => now },
    uid: process.getuid?.() ?? 0,
    gid: process.getgid?.() ?? 0,
    signal,
    progress,
  };
  return { ...issuer, context, notices, pass: (minutes: number) => void (now += minutes * 60_000) };
}

test('keys are fetched when they are an hour old, and asked for of a dead issuer once a minute', async () => {
  const { context, asked, answers, discovery, notices, pass } = await makeWorld();
  const fetched = context.clock.now();
  expect(await freshIssuerKeys(context)).toMatchObject({ keys: [rsa], fetchedAt: fetched });
  pass(59);
  await freshIssuerKeys(context);
  expect(asked).toHaveLength(2);
  pass(1);
  answers.delete(discovery);
  for (const _again of [1, 2]) {
    expect(await freshIssuerKeys(context)).toMatchObject({ keys: [rsa], fetchedAt: fetched });
  }
  expect(asked).toHaveLength(3);
  expect(notices).toHaveLength(1);
  pass(1);
  answers.set(discovery, answers.get('/elsewhere'));
  expect(await freshIssuerKeys(context)).toMatchObject({ fetchedAt: context.clock.now() });
});

test('an issuer that never answered has no keys, and one that is not the trusted one neither', async () => {
  const { context, answers, discovery } = await makeWorld();
  answers.delete(discovery);
  await expect(fetchAndKeep(context)).rejects.toMatchObject({ code: 'ISSUER_INVALID' });
  expect(await freshIssuerKeys(context)).toBeUndefined();
  answers.set(discovery, answers.get('/elsewhere'));
  await fetchAndKeep(context);
  const config = hostConfigSchema.parse({});
  expect(await freshIssuerKeys({ ...context, config })).toBeUndefined();
});

test('a bridge is told of the issuer where one of its users is the bridge’s', async () => {
  const { context, url } = await makeWorld();
  const keys = await freshIssuerKeys(context);
  const { oidc } = context.config;
  expect(trustedIssuer({ oidc, keys, user: { name: 'bob' } })).toEqual({
    issuer: url,
    audience: 'mcpd',
    userClaim: 'sub',
    values: ['bob'],
    scopes: ['tools:read', 'tools:call', 'resources:read', 'prompts:read'],
    scopeClaim: null,
    keys: [rsa],
    until: context.clock.now() + 2 * 3_600_000,
  });
  const others = { ...oidc, users: ['x=alice'] };
  expect(trustedIssuer({ oidc: others, keys, user: { name: 'bob' } })).toBeUndefined();
  const unseen = trustedIssuer({ oidc, keys: undefined, user: { name: 'bob' } });
  expect(unseen).toMatchObject({ keys: [], until: 0 });
});

test.each([
  [{ issuer: 'http://login.example', audience: 'a' }, /https/],
  [{ issuer: 'https://login.example' }, /audience/],
  [{ users: ['bob'] }, /VALUE=USER/],
  [{ scopes: ['everything'] }, /Invalid option/],
])('the settings %j are refused', (oidc, reason) => {
  expect(() => hostConfigSchema.parse({ oidc })).toThrow(reason);
});

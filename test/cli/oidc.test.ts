import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import type { OidcShowResult } from '../../src/oidc/show.ts';
import { audience, startOidcIssuer, type OidcIssuer } from '../support/oidc-issuer.ts';
import { Desk } from './desk.ts';

let issuer: OidcIssuer;

beforeAll(async () => {
  issuer = await startOidcIssuer(['agent']);
  return () => issuer.stop();
});

async function trustingDesk(): Promise<Desk> {
  const desk = new Desk();
  desk.addUsers('bob', 'alice');
  await desk.run(['config', 'set', 'oidc.audience', audience]);
  await desk.run(['config', 'set', 'oidc.issuer', issuer.url]);
  await desk.run(['config', 'set', 'oidc.users', 'agent=bob']);
  return desk;
}

test('oidc show says whom an issuer’s tokens are, and how old its keys are', async () => {
  using desk = await trustingDesk();
  const show = () => desk.json<OidcShowResult>(['oidc', 'show']);
  expect(await show()).toMatchObject({
    issuer: issuer.url,
    audience,
    users: [{ user: 'bob', values: ['agent'] }],
    state: 'missing',
    keys: [],
    fetchedAt: null,
  });
  expect((await desk.run(['oidc', 'show'])).stdout).toMatch(/Fetched: +never: mcpd oidc refresh/);
  await desk.run(['oidc', 'refresh']);
  const { state, keys, ageSeconds, validUntil, fetchedAt } = await show();
  expect({ state, keys }).toEqual({
    state: 'good',
    keys: [{ id: expect.any(String) as string, algorithm: 'ES256', type: 'EC' }],
  });
  expect(ageSeconds).toBeLessThan(60);
  expect(Date.parse(validUntil ?? '') - Date.parse(fetchedAt ?? '')).toBe(24 * 3_600_000);
  await desk.run(['config', 'set', 'oidc.maxAgeHours', '0.0000001']);
  expect((await show()).state).toBe('expired');
  expect((await desk.run(['oidc', 'show'])).stdout).toContain('ago, too old');
});

test('of no issuer oidc show says how to name one', async () => {
  using desk = new Desk();
  expect((await desk.run(['oidc', 'show'])).stdout).toContain('mcpd config set oidc.issuer URL');
  expect(await desk.json<OidcShowResult>(['oidc', 'show'])).toMatchObject({
    issuer: null,
    state: 'untrusted',
  });
});

test('keys are fetched through a proxy where Node is told to use one', async () => {
  using desk = await trustingDesk();
  const asked: (string | undefined)[] = [];
  const proxy = createServer().listen(0, '127.0.0.1');
  proxy.on('connect', ({ url = '' }, client) => {
    asked.push(url);
    const [host, port] = url.split(':');
    const onward = connect(Number(port), host);
    client.write('HTTP/1.1 200 OK\r\n\r\n');
    client.pipe(onward).pipe(client);
    for (const one of [client, onward]) one.on('error', () => one.destroy());
  });
  await once(proxy, 'listening');
  onTestFinished(() => void proxy.close());
  const { port } = proxy.address() as AddressInfo;
  const env = { HTTP_PROXY: `http://127.0.0.1:${port}`, NODE_USE_ENV_PROXY: '1' };
  Object.assign(desk.env, env);
  expect((await desk.run(['oidc', 'refresh'])).code).toBe(0);
  expect(new Set(asked)).toEqual(new Set([new URL(issuer.url).host]));
});

import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { MetricsResult } from '../../src/metrics/result.ts';
import { MetricsListener } from '../support/metrics-listener.ts';
import { UsageFiles } from '../support/usage-files.ts';
import { Desk } from './desk.ts';

const calls =
  'mcpd_requests_total{user="bob",server="memory",method="tools/call",tool="read",outcome="ok"}';

function deskWithUsage(): Desk {
  const desk = new Desk();
  desk.addUsers('bob', 'al');
  new UsageFiles(desk.env, 'bob/memory').append({ ago: 1, calls: { 'tools/call:read': [1, 2] } });
  return desk;
}

describe('mcpd metrics', () => {
  test('prints what was recorded, also without an engine', async () => {
    using desk = deskWithUsage();
    const { code, stdout } = await desk.run(['metrics']);
    expect(code).toBe(0);
    expect(stdout).toContain(`${calls} 2\n`);
    expect(stdout).toContain('mcpd_engine_up 0\n');
  });

  test('prints the same under --json', async () => {
    using desk = deskWithUsage();
    const { metrics } = await desk.json<MetricsResult>(['metrics']);
    const requests = metrics.find(({ name }) => name === 'mcpd_requests_total');
    expect(requests?.values.map(({ value }) => value)).toEqual([2, 0, 0]);
  });
});

describe('mcpd metrics --listen', () => {
  const token = 'x'.repeat(32);

  function tokenFile(desk: Desk, text = token): string {
    const path = join(desk.folder, 'token');
    writeFileSync(path, `${text}\n`, { mode: 0o600 });
    return path;
  }

  const start = (desk: Desk, ...flags: string[]) =>
    MetricsListener.start((args) => desk.start(args), ...flags);

  test('serves them anew for each scrape', async () => {
    using desk = deskWithUsage();
    await using listener = await start(desk);
    const first = await fetch(listener.url);
    expect(first.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(await first.text()).toContain(`${calls} 2\n`);
    new UsageFiles(desk.env, 'bob/memory').append({ ago: 0, calls: { 'tools/call:read': [1] } });
    expect(await (await fetch(listener.url)).text()).toContain(`${calls} 3\n`);
  });

  test('answers HEAD without a body, and other paths and methods with what they deserve', async () => {
    using desk = deskWithUsage();
    await using listener = await start(desk);
    const status = async (path: string, method = 'GET') => {
      const response = await fetch(new URL(path, listener.url), { method });
      return [response.status, (await response.text()).length > 0];
    };
    expect(await status('/metrics', 'HEAD')).toEqual([200, false]);
    expect(await status('/metrics?x=1')).toEqual([200, true]);
    expect(await status('/healthz')).toEqual([200, true]);
    expect(await status('/')).toEqual([404, true]);
    expect(await status('/metrics/../etc')).toEqual([404, true]);
    expect(await status('/metrics', 'POST')).toEqual([405, true]);
  });

  test('with a token file answers only who presents the token', async () => {
    using desk = deskWithUsage();
    await using listener = await start(desk, '--token-file', tokenFile(desk));
    const status = async (authorization?: string) => {
      const headers = authorization === undefined ? {} : { authorization };
      const response = await fetch(listener.url, { headers });
      return [response.status, response.headers.get('www-authenticate')];
    };
    const refused = [401, 'Bearer realm="mcpd metrics"'];
    expect(await status()).toEqual(refused);
    expect(await status(`Bearer ${token}x`)).toEqual(refused);
    expect(await status(`Basic ${token}`)).toEqual(refused);
    expect(await status('Bearer ')).toEqual(refused);
    expect(await status(`Bearer ${token}`)).toEqual([200, null]);
    expect((await fetch(new URL('/healthz', listener.url))).status).toBe(200);
  });

  test.each([
    ['SIGTERM', 0],
    ['SIGINT', 130],
  ] as const)('ends on %s', async (signal, code) => {
    using desk = deskWithUsage();
    await using listener = await start(desk);
    await (await fetch(listener.url)).text();
    expect(await listener.end(signal)).toBe(code);
  });

  test('says of an address that is taken that it is taken, and of a foreign one that it is foreign', async () => {
    using desk = deskWithUsage();
    await using listener = await start(desk);
    const problem = async (address: string) => {
      const flags = ['--listen', address, '--token-file', tokenFile(desk)];
      const { code, stdout } = await desk.run(['metrics', '--json', ...flags]);
      return [code, (JSON.parse(stdout) as { error: { code: string } }).error.code];
    };
    expect(await problem(new URL(listener.url).host)).toEqual([4, 'ADDRESS_TAKEN']);
    expect(await problem('192.0.2.1:9464')).toEqual([2, 'CANNOT_LISTEN']);
  });

  test('refuses an address that others can reach without a token, and a token that others can read', async () => {
    using desk = deskWithUsage();
    const code = async (...flags: string[]) => {
      const { stdout } = await desk.run(['metrics', '--json', '--listen', ...flags]);
      return (JSON.parse(stdout) as { error: { code: string } }).error.code;
    };
    expect(await code('0.0.0.0:0')).toBe('OPEN_ADDRESS');
    expect(await code('127.0.0.1:0', '--token-file', '/nowhere')).toBe('TOKEN_FILE_NOT_FOUND');
    expect(await code('127.0.0.1:0', '--token-file', tokenFile(desk, 'short'))).toBe('WEAK_TOKEN');
    chmodSync(tokenFile(desk), 0o644);
    expect(await code('0.0.0.0:0', '--token-file', join(desk.folder, 'token'))).toBe(
      'KEY_FILE_EXPOSED',
    );
  });
});

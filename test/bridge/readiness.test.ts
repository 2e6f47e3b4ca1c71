import { expect, test } from 'vitest';
import { initialize, isAlive, startBridge, until, type TestBridge } from './harness.ts';
import { ask, tool } from './modern-client.ts';

const body = JSON.stringify(initialize('2025-11-25'));

async function ready({ call }: TestBridge): Promise<[number, string]> {
  const headers = { authorization: undefined };
  const { status, text } = await call({ method: 'GET', path: '/readyz', headers });
  return [status, text];
}

test('the first question tries the server out, and leaves nothing running', async () => {
  const bridge = await startBridge();
  expect(await ready(bridge)).toEqual([503, 'starting']);
  await until(async () => (await ready(bridge))[0] === 200);
  expect(await ready(bridge)).toEqual([200, 'ready']);
});

test('a session that was answered is proof enough', async () => {
  const bridge = await startBridge();
  await bridge.open();
  expect(await ready(bridge)).toEqual([200, 'ready']);
  expect(isAlive(bridge.pid())).toBe(true);
});

test('a server that crashes at its start: not ready, initialize says why, and starts are spaced out', async () => {
  const bridge = await startBridge({ options: ['--crash-at-start'] });
  for (let start = 1; start <= 3; start += 1) {
    const answer = await bridge.call({ body });
    expect(answer.json.error?.message).toMatch(/code 7; its last output: no configuration found$/);
  }
  expect(await ready(bridge)).toEqual([503, 'exited']);
  const refused = await bridge.call({ body });
  expect(refused.status).toBe(503);
  expect(refused.headers['retry-after']).toBe('1');
  expect(refused.json.error?.message).toContain('fails to start (exited)');
  bridge.clock.advance(1100);
  expect((await bridge.call({ body })).status).toBe(200);
  expect((await bridge.call({ body })).headers['retry-after']).toBe('2');
});

test('clients without sessions are told as well when a server that crashes is tried again', async () => {
  const bridge = await startBridge({ options: ['--crash-at-start'] });
  for (let start = 1; start <= 3; start += 1) await ask(bridge, tool('echo'));
  const refused = await ask(bridge, tool('echo'));
  expect([refused.status, refused.headers['retry-after']]).toEqual([503, '1']);
  expect(refused.json).toMatchObject({
    id: 1,
    error: { message: 'the MCP server fails to start (exited); next try in 1 s' },
  });
  bridge.clock.advance(1100);
  expect((await ask(bridge, tool('echo'))).status).toBe(200);
  expect((await ask(bridge, tool('echo'))).headers['retry-after']).toBe('2');
});

test('crashes after a good start do not count against it', async () => {
  const bridge = await startBridge();
  for (let time = 1; time <= 4; time += 1) await bridge.tool(await bridge.open(), 'crash');
  expect(await ready(bridge)).toEqual([200, 'ready']);
});

test('a server that does not answer initialize is ended, and its client told', async () => {
  const bridge = await startBridge({ options: ['--silent'] });
  const answer = bridge.call({ body });
  await until(() => bridge.log.some((line) => line.startsWith('session 1: started')));
  bridge.clock.advance(31_000);
  expect((await answer).json.error?.message).toBe('the MCP server did not answer in time');
  await until(() => !isAlive(bridge.pid()) && bridge.log.includes('session 1: ended, silent'));
});

test('a bridge that is shutting down is not ready', async () => {
  const bridge = await startBridge({ options: ['--ignore-sigterm'] });
  await bridge.open();
  const closing = bridge.bridge.close();
  await expect(bridge.call({ body })).rejects.toThrow('ECONNREFUSED');
  await closing;
  expect(isAlive(bridge.pid())).toBe(false);
});

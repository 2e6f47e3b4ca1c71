import { expect, test } from 'vitest';
import { isAlive, startBridge, until, type TestBridge } from './harness.ts';

const announcing = { options: ['--announce'], bounds: { spares: 1 } };

/** Labels of the servers that have started, in order. */
function started({ stderr }: TestBridge): string[] {
  return stderr.flatMap((line) => /^\[(\d+)\] started$/.exec(line)?.[1] ?? []);
}

async function hasStarted(bridge: TestBridge, ...labels: string[]): Promise<void> {
  await until(() => started(bridge).join() === labels.join());
}

test('a server waits before anybody asks, the first session takes it, and another one follows', async () => {
  const bridge = await startBridge(announcing);
  await hasStarted(bridge, '1');
  const session = await bridge.open();
  expect((await bridge.tool(session, 'echo', { text: 'hi' })).text).toContain('hi');
  expect(bridge.log).toEqual([`session 1: started, pid ${bridge.pid()}`]);
  await hasStarted(bridge, '1', '2');
});

test('what a server says before its session is there reaches the session', async () => {
  const bridge = await startBridge({
    options: ['--announce', '--greet'],
    bounds: { spares: 1 },
  });
  await hasStarted(bridge, '1');
  const stream = await bridge.stream(await bridge.open());
  const [event] = await stream.events(1);
  expect(event?.data).toContain('good morning');
});

test('a spare makes no room for itself: the cap counts sessions, and none is ended for it', async () => {
  const bridge = await startBridge({ ...announcing, bounds: { spares: 1, sessions: 2 } });
  await hasStarted(bridge, '1');
  await bridge.open();
  bridge.clock.advance(1000);
  await hasStarted(bridge, '1', '2');
  await bridge.open();
  bridge.clock.advance(1000);
  expect(bridge.log.filter((line) => line.includes('ended'))).toEqual([]);
  expect(isAlive(bridge.pid(1)) && isAlive(bridge.pid(2))).toBe(true);
  expect(started(bridge)).toEqual(['1', '2']);
});

test('the one that waits goes when the container gets full, and none comes until a session ends', async () => {
  let full = 0;
  const bridge = await startBridge({ ...announcing, fullness: () => full });
  await hasStarted(bridge, '1');
  full = 0.9;
  bridge.clock.advance(1000);
  const session = await bridge.open();
  expect(bridge.log.find((line) => line.includes(': started'))).toMatch('session 2: started');
  full = 0.1;
  bridge.clock.advance(1000);
  await bridge.tool(session, 'echo');
  expect(started(bridge)).toEqual(['1', '2']);
  await bridge.call({ method: 'DELETE', headers: { 'mcp-session-id': session } });
  await until(() => bridge.log.some((line) => line.startsWith('session 2: ended')));
  bridge.clock.advance(1000);
  await hasStarted(bridge, '1', '2', '3');
});

test('the one that waits goes when no client has come for long', async () => {
  const bridge = await startBridge(announcing);
  await hasStarted(bridge, '1');
  bridge.clock.advance(600_000);
  await bridge.open();
  expect(bridge.log.find((line) => line.includes(': started'))).toMatch('session 2: started');
});

test('a server that crashes at its start, over and over, is given up on', async () => {
  const bridge = await startBridge({ options: ['--crash-at-start'], bounds: { spares: 1 } });
  await until(() => {
    bridge.clock.advance(1000);
    return bridge.log.includes('hopeless');
  });
  const headers = { authorization: undefined };
  expect(await bridge.call({ method: 'GET', path: '/readyz', headers })).toMatchObject({
    status: 503,
    text: 'exited',
  });
});

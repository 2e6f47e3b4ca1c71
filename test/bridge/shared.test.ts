import { expect, test } from 'vitest';
import { isAlive, startBridge, toolCall, untilInFlight, type Answer } from './harness.ts';

const shared = { server: { sessions: 'shared' } } as const;

function textOf(answer: Answer): string | undefined {
  return answer.json.result?.content?.[0]?.text;
}

test('sessions share one process, and each is introduced once', async () => {
  const bridge = await startBridge(shared);
  const sessions = [await bridge.open(), await bridge.open(), await bridge.open()];
  expect(new Set([1, 2, 3].map((number) => bridge.pid(number))).size).toBe(1);
  const answer = await bridge.tool(sessions[2] ?? '', 'received');
  const lines = JSON.parse(textOf(answer) ?? '[]') as string[];
  const initializes = lines.filter((line) => Buffer.from(line, 'base64').includes('"initialize"'));
  expect(initializes).toHaveLength(1);
});

test('requests of one id, at once, each get their own answer', async () => {
  const bridge = await startBridge(shared);
  const sessions = await Promise.all([1, 2, 3, 4].map(() => bridge.open()));
  const answers = await Promise.all(
    sessions.map((session, index) => bridge.rpc(session, toolCall(7, 'echo', { text: index }))),
  );
  expect(answers.map(({ json }) => json.id)).toEqual([7, 7, 7, 7]);
  expect(answers.map(textOf)).toEqual(['0', '1', '2', '3']);
});

test('progress goes to the session that asked, with its own token', async () => {
  const bridge = await startBridge(shared);
  const [one, other] = [await bridge.open(), await bridge.open()];
  const call = (steps: number) => {
    const { params } = toolCall(1, 'progress', { steps });
    return { id: 1, method: 'tools/call', params: { ...params, _meta: { progressToken: 't' } } };
  };
  const [few, many] = await Promise.all([bridge.rpc(one, call(1)), bridge.rpc(other, call(3))]);
  const tokens = ({ events }: Answer) =>
    events.flatMap(({ params }) => params?.progressToken ?? []);
  expect([tokens(few), tokens(many)]).toEqual([['t'], ['t', 't', 't']]);
});

test('the end of one session cancels its requests and leaves the others alone', async () => {
  const bridge = await startBridge(shared);
  const [one, other] = [await bridge.open(), await bridge.open()];
  const held = bridge.rpc(one, toolCall(5, 'hold'));
  await untilInFlight(bridge, one, 5);
  await bridge.call({ method: 'DELETE', headers: { 'mcp-session-id': one } });
  expect((await held).json.error?.message).toContain('its client ended it');
  expect(textOf(await bridge.tool(other, 'echo', { text: 'still here' }))).toBe('still here');
  expect(isAlive(bridge.pid(1))).toBe(true);
});

test('what comes late for a cancelled request is no answer to the next one of its id', async () => {
  const bridge = await startBridge(shared);
  const session = await bridge.open();
  const cancelled = bridge.rpc(session, toolCall(5, 'hold'));
  await untilInFlight(bridge, session, 5);
  const params = { requestId: 5, reason: 'no longer wanted' };
  await bridge.rpc(session, { method: 'notifications/cancelled', params });
  bridge.clock.advance(1_000);
  expect((await cancelled).json.error?.code).toBe(-32800);
  const next = bridge.rpc(session, toolCall(5, 'sample'));
  await untilInFlight(bridge, session, 5);
  await bridge.tool(session, 'release');
  await bridge.rpc(session, { id: 'sample-1', result: { answer: 'to the question' } });
  // The question went with one of the two calls; where with this one, it became a stream.
  const { events, json } = await next;
  const last = events.at(-1) ?? json;
  expect(last.result?.content?.[0]?.text).toBe('{"answer":"to the question"}');
  const lines = textOf(await bridge.tool(session, 'received')) ?? '';
  const received = (JSON.parse(lines) as string[]).map((line) => Buffer.from(line, 'base64'));
  expect(received.join('\n')).toContain('"reason":"no longer wanted"');
});

test('a crash tells every session, and the next one gets a new process', async () => {
  const bridge = await startBridge(shared);
  const [one, other] = [await bridge.open(), await bridge.open()];
  const first = bridge.pid(1);
  const held = bridge.rpc(one, toolCall(5, 'hold'));
  await untilInFlight(bridge, one, 5);
  expect((await bridge.tool(other, 'crash')).json.error?.message).toContain('exited with code 3');
  expect((await held).json.error?.message).toContain('exited with code 3');
  expect(textOf(await bridge.tool(await bridge.open(), 'echo', { text: 'new' }))).toBe('new');
  expect(bridge.pid(3)).not.toBe(first);
});

test('news of the server reaches every session', async () => {
  const bridge = await startBridge(shared);
  const sessions = [await bridge.open(), await bridge.open()];
  const streams = await Promise.all(sessions.map((session) => bridge.stream(session)));
  await bridge.tool(sessions[0] ?? '', 'changed');
  for (const stream of streams) {
    const [news] = await stream.events(1);
    expect(news?.data).toContain('tools/list_changed');
  }
});

test('a request in flight may still be answered when the bridge closes', async () => {
  const bridge = await startBridge(shared);
  const session = await bridge.open();
  const held = bridge.rpc(session, toolCall(5, 'hold'));
  await untilInFlight(bridge, session, 5);
  const closing = bridge.bridge.close();
  // A server that is told to end at once is gone before these.
  for (let attempt = 0; attempt < 50; attempt += 1) {
    await expect(bridge.tool(session, 'echo')).rejects.toThrow('ECONNREFUSED');
  }
  process.kill(bridge.pid(1), 'SIGUSR2');
  expect(textOf(await held)).toBe('released');
  await closing;
});

test('the process ends with the bridge', async () => {
  const bridge = await startBridge(shared);
  await bridge.open();
  await bridge.bridge.close();
  expect(isAlive(bridge.pid(1))).toBe(false);
});

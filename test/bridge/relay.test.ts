import { expect, test } from 'vitest';
import { parseEvents, startBridge, toolCall, until, type JsonRpc } from './harness.ts';

const oddText = 'U+2028 \u2028 ZWJ 👨‍👩‍👧 NBSP \u00a0 U+3000 \u3000 NUL \\u0000 lone \\ud800 \\udc00';

async function receivedLines(
  tool: (name: string) => Promise<{ json: JsonRpc }>,
): Promise<string[]> {
  const { json } = await tool('received');
  const lines = JSON.parse(json.result?.content?.[0]?.text ?? '[]') as string[];
  return lines.map((line) => Buffer.from(line, 'base64').toString('utf8'));
}

test('a message reaches the server byte for byte', async () => {
  const { open, call, tool } = await startBridge();
  const session = await open();
  const body = `{"jsonrpc":"2.0" , "id":12345678901234567890,"method":"x/unknown","params":{"big":1e400,"exact":9007199254740993,"text":"${oddText}","text":"again","_meta":{"a/b":-0.0}},"extra":[ ]}`;
  const answer = await call({ body, headers: { 'mcp-session-id': session } });
  expect(answer.status).toBe(200);
  const lines = await receivedLines((name) => tool(session, name));
  expect(lines).toContain(body);
});

test('a message over several lines reaches the server as one, with its strings and numbers as they were', async () => {
  const { open, call, tool } = await startBridge();
  const session = await open();
  const body = `{\r\n  "jsonrpc": "2.0",\n\t"id": 1.50,\n  "method": "x/pretty",\n  "params": { "text": "${oddText} \\n",\n "list": [1,\n 2.0\n] }\n}\n`;
  expect((await call({ body, headers: { 'mcp-session-id': session } })).status).toBe(200);
  const lines = await receivedLines((name) => tool(session, name));
  expect(lines[1]).toBe(body.replaceAll(/[\r\n]/g, ''));
});

test('an answer reaches the client byte for byte', async () => {
  const { open, rpc } = await startBridge();
  const session = await open();
  const line = `{"result": {"text":"${oddText}","big":1e400,"n":9007199254740993} ,"id":$ID,"jsonrpc":"2.0","extra":null}`;
  const answer = await rpc(session, toolCall(7, 'raw', { line }));
  expect(answer.text).toBe(line.replace('$ID', '7'));
  expect(answer.headers['content-type']).toBe('application/json');

  const base64 = Buffer.from('{"id":$ID,"result":"\xff\xfe"}\r', 'latin1').toString('base64');
  const invalid = await rpc(session, toolCall(8, 'bytes', { base64 }));
  expect(invalid.bytes).toEqual(Buffer.from('{"id":8,"result":"\xff\xfe"}', 'latin1'));
});

test('ids keep their type, and text ids their characters', async () => {
  const { open, rpc } = await startBridge();
  const session = await open();
  for (const id of [1, '1', '', 'ü\u2028"\\', '__proto__', -5, 2 ** 53]) {
    expect((await rpc(session, { id, method: 'ping' })).json.id).toBe(id);
  }
});

test('a large answer arrives whole', async () => {
  const { open, rpc } = await startBridge();
  const answer = await rpc(await open(), toolCall(1, 'big', { bytes: 10_000_000 }));
  expect(answer.json.result?.content?.[0]?.text).toHaveLength(10_000_000);
});

test('two sessions with the same ids do not meet', async () => {
  const { open, rpc } = await startBridge();
  const sessions = [await open(), await open()];
  const texts = await Promise.all(
    sessions.map((session, index) => rpc(session, toolCall(1, 'echo', { text: `s${index}` }))),
  );
  expect(texts.map(({ json }) => json.result?.content?.[0]?.text)).toEqual(['s0', 's1']);
});

test('progress makes the answer an event stream that ends with the result', async () => {
  const { open, rpc } = await startBridge();
  const call = toolCall(1, 'progress', { steps: 3 });
  const params = { ...call.params, _meta: { progressToken: 'p' } };
  const answer = await rpc(await open(), { ...call, params });
  expect(answer.headers['content-type']).toBe('text/event-stream');
  expect(answer.events.map(({ id, params: progress }) => id ?? progress?.progress)).toEqual([
    1, 2, 3, 1,
  ]);
});

test('progress goes to the request that asked for it, whatever else is in flight', async () => {
  const { open, rpc, tool } = await startBridge();
  const session = await open();
  const held = rpc(session, toolCall(100, 'hold'));
  const call = toolCall(101, 'progress', { steps: 2 });
  const progressed = await rpc(session, {
    ...call,
    params: { ...call.params, _meta: { progressToken: 7 } },
  });
  expect(progressed.events).toHaveLength(3);
  await tool(session, 'release');
  expect((await held).headers['content-type']).toBe('application/json');
});

test('a log message during one request comes before its result', async () => {
  const { open, tool } = await startBridge();
  const answer = await tool(await open(), 'log');
  expect(answer.events.map(({ method }) => method)).toEqual(['notifications/message', undefined]);
});

test('a line with a stray CR stays one event', async () => {
  const { open, rpc } = await startBridge();
  const line = '{"method":"notifications/x",\r"params":{}}\n{"id":$ID,\r"result":{}}';
  const answer = await rpc(await open(), toolCall(1, 'raw', { line }));
  expect(answer.text).not.toContain('\r');
  expect(answer.events).toEqual([
    { method: 'notifications/x', params: {} },
    { id: 1, result: {} },
  ]);
});

test('a request of the server goes along with the call it came from, and the answer comes back', async () => {
  const { open, rpc, stream } = await startBridge();
  const session = await open();
  const calling = await stream(session, {
    method: 'POST',
    body: JSON.stringify(toolCall(5, 'sample')),
  });
  const [event] = await calling.events(1);
  const asked = JSON.parse(event?.data ?? '{}') as JsonRpc;
  expect(asked).toMatchObject({ id: 'sample-1', method: 'sampling/createMessage' });
  expect((await rpc(session, { id: 'sample-1', result: { text: 'hi' } })).status).toBe(202);
  await calling.closed;
  const [, answer] = parseEvents(calling.text());
  expect(answer?.data).toContain(String.raw`{\"text\":\"hi\"}`);
});

test('news of the server wait for the GET stream, and come in order', async () => {
  const { open, tool, stream } = await startBridge();
  const session = await open();
  expect((await tool(session, 'changed', { times: 3 })).headers['content-type']).toBe(
    'application/json',
  );
  const listening = await stream(session);
  expect(listening.headers['content-type']).toBe('text/event-stream');
  const events = await listening.events(3);
  expect(events.map(({ data }) => (JSON.parse(data) as JsonRpc).params?.['count'])).toEqual([
    0, 1, 2,
  ]);
});

test('each message goes to one stream only, the newest', async () => {
  const { open, tool, stream } = await startBridge();
  const session = await open();
  const older = await stream(session);
  const newer = await stream(session);
  await tool(session, 'changed');
  await newer.events(1);
  expect(older.text()).toBe('');
  newer.destroy();
  await newer.closed;
  // The bridge sees the other end close a moment later.
  await until(async () => {
    await tool(session, 'changed');
    return parseEvents(older.text()).length > 0;
  });
});

test('a client that comes back gets what it missed', async () => {
  const { open, tool, stream } = await startBridge();
  const session = await open();
  const first = await stream(session);
  await tool(session, 'changed', { times: 4 });
  const seen = await first.events(4);
  first.destroy();
  const again = await stream(session, { headers: { 'last-event-id': seen[1]?.id ?? '' } });
  expect((await again.events(2)).map(({ id }) => id)).toEqual([seen[2]?.id, seen[3]?.id]);
});

test('a client that comes back gets nothing that another of its streams was given', async () => {
  const { open, tool, stream } = await startBridge();
  const session = await open();
  const first = await stream(session);
  await tool(session, 'changed', { times: 2 });
  const [seen, missed] = await first.events(2);
  const second = await stream(session);
  await tool(session, 'changed');
  await second.events(1);
  const again = await stream(session, { headers: { 'last-event-id': seen?.id } });
  // One stream has one connection, the newest.
  await first.closed;
  await tool(session, 'changed', { times: 5 });
  const events = await again.events(6);
  expect(events[0]).toEqual(missed);
  const counts = events.map(({ data }) => (JSON.parse(data) as JsonRpc).params?.['count']);
  expect(counts).toEqual([1, 0, 1, 2, 3, 4]);
  expect(await second.events(1)).toHaveLength(1);
});

test('what nobody listens to is kept up to a bound', async () => {
  const { open, tool, stream } = await startBridge();
  const session = await open();
  await tool(session, 'changed', { times: 1000 });
  const listening = await stream(session);
  const events = await listening.events(256);
  const counts = events.map(({ data }) => (JSON.parse(data) as JsonRpc).params?.['count']);
  expect(counts).toEqual(Array.from({ length: 256 }, (_, index) => 744 + index));
});

test('a request of the server that no client will see is answered with an error', async () => {
  const { open, tool } = await startBridge();
  const session = await open();
  await tool(session, 'ask', { times: 260 });
  const lost = async (): Promise<JsonRpc['id'][]> =>
    (await receivedLines((name) => tool(session, name)))
      .map((line) => JSON.parse(line) as JsonRpc)
      .filter(({ error }) => error !== undefined)
      .map(({ id }) => id);
  await until(async () => (await lost()).length === 4);
  expect(await lost()).toEqual(['ask-1', 'ask-2', 'ask-3', 'ask-4']);
});

test('cancelling is passed on, and the cancelled request soon gets its end', async () => {
  const { open, rpc, tool, clock } = await startBridge();
  const session = await open();
  const held = rpc(session, toolCall(50, 'hold'));
  const cancel = { method: 'notifications/cancelled', params: { requestId: 50 } };
  await until(async () => (await rpc(session, { id: 50, method: 'ping' })).status === 400);
  expect((await rpc(session, cancel)).status).toBe(202);
  clock.advance(1500);
  expect((await held).json).toMatchObject({ id: 50, error: { code: -32800 } });
  const lines = await receivedLines((name) => tool(session, name));
  expect(lines.filter((line) => line.includes('notifications/cancelled'))).toHaveLength(1);
});

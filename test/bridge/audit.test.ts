import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { AuditLine } from '../../src/records/audit-line.ts';
import { genesis } from '../../src/records/chain.ts';
import { count, emptyHour } from '../../src/records/count.ts';
import { decodeUsage, encodeUsage } from '../../src/records/usage.ts';
import { unusedPort } from '../support/unused.ts';
import { readAudit, startBridge, toolCall, until } from './harness.ts';
import { ask, tool } from './modern-client.ts';

type Brief = Partial<AuditLine>;

/** What a test says of a line. */
function brief({ method, target, shape, outcome, code, session }: AuditLine): Brief {
  return { method, target, shape, outcome, code, session };
}

test('each request has left its line before its client reads the answer', async () => {
  const bridge = await startBridge();
  const session = await bridge.open();
  const answer = await bridge.tool(session, 'echo', { text: 'the-argument', n: 1, list: ['a'] });
  const lines = bridge.audit();
  expect(lines.map(brief)).toEqual([
    { method: 'initialize', target: null, shape: null, outcome: 'ok', code: null, session: '1' },
    {
      method: 'tools/call',
      target: 'echo',
      shape: { text: 'string', n: 'number', list: ['string'] },
      outcome: 'ok',
      code: null,
      session: '1',
    },
  ]);
  expect(lines[1]).toMatchObject({
    user: 'bob',
    server: 'fixture',
    token: { id: 't1', subject: 'bob' },
    bytesOut: answer.bytes.length,
  });
  const text = readFileSync(join(bridge.records, 'audit.jsonl'), 'utf8');
  expect(text).not.toContain('the-argument');
  expect(text).not.toContain(session);
});

test('what the bridge refuses is in the audit, as soon as its caller is known', async () => {
  const bridge = await startBridge();
  const session = await bridge.open();
  const reader = await bridge.mint({ scope: 'tools:read', jti: 't2' });
  const headers = { authorization: `Bearer ${reader}` };
  const open = await bridge.open('2025-11-25', reader);
  await bridge.rpc(session, toolCall(1, 'echo'), { headers });
  await bridge.rpc(open, toolCall(1, 'echo'), { headers });
  await bridge.call({ body: '{', headers });
  await bridge.rpc('no-such-session', toolCall(2, 'echo'));
  await bridge.call({ body: '{}', headers: { authorization: 'Bearer nobody' } });
  expect(bridge.audit().slice(2).map(brief)).toMatchObject([
    { method: 'tools/call', target: 'echo', outcome: 'refused', code: -32003 },
    { method: 'tools/call', target: 'echo', outcome: 'refused', code: -32003, session: '2' },
    { method: 'unread', outcome: 'refused', code: -32700 },
    { method: 'tools/call', outcome: 'refused', code: -32001, session: null },
  ]);
});

test('a batch leaves a line for each of its requests, and none for a notification', async () => {
  const bridge = await startBridge();
  const session = await bridge.open('2025-03-26');
  const changed = { jsonrpc: '2.0', method: 'notifications/initialized' };
  const batch = [toolCall(1, 'echo'), changed, { jsonrpc: '2.0', id: 2, method: 'ping' }];
  await bridge.call({ body: JSON.stringify(batch), headers: { 'mcp-session-id': session } });
  const lines = bridge.audit().slice(1);
  expect(lines.map(({ method }) => method).toSorted()).toEqual(['ping', 'tools/call']);
  expect(new Set(lines.map(({ requestId }) => requestId)).size).toBe(2);
});

test('the end of a server, an error of a tool and a client that left are told apart', async () => {
  const bridge = await startBridge();
  const session = await bridge.open();
  await bridge.tool(session, 'raw', {
    line: '{"jsonrpc":"2.0","id":$ID,"result":{"content":[],"isError":true}}',
  });
  const away = new AbortController();
  const other = await bridge.open();
  const left = bridge.rpc(other, toolCall(7, 'hold'), { signal: away.signal });
  await until(async () => (await bridge.rpc(other, { id: 7, method: 'ping' })).status === 400);
  away.abort();
  await expect(left).rejects.toThrow('aborted');
  await until(() => bridge.audit().some(({ outcome }) => outcome === 'cancelled'));
  await bridge.tool(session, 'exit', { code: 3 });
  const ends = bridge.audit().filter(({ method }) => method === 'tools/call');
  expect(ends.map(({ outcome, code }) => [outcome, code])).toEqual([
    ['error', 'isError'],
    ['cancelled', null],
    ['lost', -32000],
  ]);
});

test('clients without sessions leave the same lines', async () => {
  const bridge = await startBridge();
  await ask(bridge, tool('echo', { text: 'x' }));
  await ask(bridge, { method: 'ping' });
  expect(bridge.audit().map(brief)).toMatchObject([
    { method: 'tools/call', target: 'echo', shape: { text: 'string' }, outcome: 'ok' },
    { method: 'ping', outcome: 'error', code: -32601 },
  ]);
});

test('with a server of its own HTTP each answer has its line, streamed or whole', async () => {
  const server = new URL('../fixtures/http-server.mjs', import.meta.url).pathname;
  const http = { port: await unusedPort(), path: '/mcp' };
  const bridge = await startBridge({ server: { argv: [process.execPath, server], http } });
  const session = await bridge.open();
  await bridge.tool(session, 'echo', { text: 'x' });
  const streamed = bridge.tool(session, 'stream');
  await until(async () => {
    await bridge.tool(session, 'release');
    return bridge.audit().some(({ target }) => target === 'stream');
  });
  await streamed;
  await bridge.tool(session, 'crash');
  const lines = bridge.audit().filter(({ target }) => target !== 'release');
  expect(lines.map(({ target, outcome, session: label }) => [target, outcome, label])).toEqual([
    [null, 'ok', '1'],
    ['echo', 'ok', '1'],
    ['stream', 'ok', '1'],
    ['crash', 'lost', '1'],
  ]);
});

test('an answer that says no length has its line before its client has all of it', async () => {
  const server = new URL('../fixtures/http-server.mjs', import.meta.url).pathname;
  const http = { port: await unusedPort(), path: '/mcp' };
  const bridge = await startBridge({ server: { argv: [process.execPath, server], http } });
  const session = await bridge.open();
  const isRecorded = (): boolean => bridge.audit().some(({ target }) => target === 'pieces');
  const sent = request(bridge.url, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${await bridge.mint()}`,
      accept: 'application/json, text/event-stream',
      'content-type': 'application/json',
      'mcp-session-id': session,
    },
  });
  let [text, isEarly, isOver] = ['', false, false];
  sent.on('response', (answer) => {
    answer.on('end', () => (isOver = true));
    answer.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      isEarly ||= text.endsWith('}') && !isRecorded();
    });
  });
  sent.end(JSON.stringify(toolCall(900, 'pieces')));
  await until(async () => {
    await bridge.tool(session, 'release');
    return isOver;
  });
  expect(JSON.parse(text)).toMatchObject({ id: 900, result: { content: [{ text: 'in pieces' }] } });
  expect([isEarly, isRecorded()]).toEqual([false, true]);
});

test('usage is the sum of the audit, also of what was answered after it was last written', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'records-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const first = await startBridge({ records: folder });
  const session = await first.open();
  await first.tool(session, 'echo', { text: 'x' });
  first.clock.advance(1_000);
  const kept = readFileSync(join(folder, 'usage.now'));
  await first.tool(session, 'echo', { text: 'y' });
  await first.rpc(session, { id: 99, method: 'no/such' });
  await first.bridge.close();
  // As a kill right after the answers leaves it.
  writeFileSync(join(folder, 'usage.now'), kept);
  const second = await startBridge({ records: folder });
  second.clock.advance(1_000);
  const now = decodeUsage(readFileSync(join(folder, 'usage.now'), 'utf8'));
  const lines = readAudit(folder);
  const sum = emptyHour(now?.hour ?? 0);
  for (const line of lines) count(sum, line);
  expect(lines).toHaveLength(4);
  expect(counters(now)).toEqual(counters(sum));
});

test('what mcpd itself asks is in the audit under its own name, and in no usage', async () => {
  const bridge = await startBridge();
  bridge.setLive(['t1', 's1']);
  await bridge.open('2025-11-25', await bridge.mint({ jti: 's1' }));
  const session = await bridge.open();
  await bridge.tool(session, 'echo', { text: 'x' });
  bridge.clock.advance(1_000);
  expect(bridge.audit().map(({ method, token }) => [method, token.subject])).toEqual([
    ['initialize', 'mcpd'],
    ['initialize', 'bob'],
    ['tools/call', 'bob'],
  ]);
  const now = decodeUsage(readFileSync(join(bridge.records, 'usage.now'), 'utf8'));
  const calls = [...(now?.counters ?? [])].map(([name, counted]) => [name, counted.calls]);
  expect(calls.toSorted()).toEqual([
    ['initialize', 1],
    ['tools/call:echo', 1],
  ]);
});

test.skipIf(process.getuid?.() !== 0)(
  'on a full disk requests are refused before anything is done unrecorded, and go on when there is room',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'records-'));
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=128k', 'tmpfs', folder]);
    onTestFinished(() => {
      execFileSync('umount', ['-l', folder]);
      rmSync(folder, { recursive: true });
    });
    const bridge = await startBridge({ records: folder });
    const session = await bridge.open();
    const filler = join(folder, 'filler');
    expect(() => {
      for (;;) appendFileSync(filler, Buffer.alloc(4096));
    }).toThrow('ENOSPC');
    let answered = 0;
    const ping = () => bridge.rpc(session, { id: answered, method: 'ping' });
    let refused = await ping();
    for (; refused.status === 200; answered += 1) refused = await ping();
    expect(answered).toBeGreaterThanOrEqual(256);
    expect(answered).toBeLessThan(300);
    expect([refused.status, refused.headers['retry-after']]).toEqual([503, expect.any(String)]);
    expect((await bridge.tool(session, 'echo', { text: 'x' })).status).toBe(503);
    expect(bridge.log.join('\n')).toContain('so requests are refused');

    rmSync(filler);
    bridge.clock.advance(1_000);
    expect((await bridge.tool(session, 'echo', { text: 'x' })).status).toBe(200);
    const lines = bridge.audit();
    expect(lines.filter(({ method }) => method === 'ping')).toHaveLength(answered);
    expect(lines.filter(({ method }) => method === 'tools/call')).toHaveLength(1);
    for (const [index, { previous }] of lines.entries())
      expect(previous).toBe(lines[index - 1]?.hash ?? genesis);
  },
);

function counters(usage: Parameters<typeof encodeUsage>[0] | undefined): unknown {
  return usage && (JSON.parse(encodeUsage(usage)) as unknown[]).slice(5).toSorted();
}

import type { Random } from './random.ts';
import { formatRequest, usualHeaders, type Header, type Known } from './requests.ts';

const lines = [
  ['GET / HTTP/0.9', 'GET /mcp HTTP/1.0', 'GET /mcp HTTP/1.1 ', 'GET  /mcp HTTP/1.1', 'GET'],
  ['PRI * HTTP/2.0', 'CONNECT a:1 HTTP/1.1', 'get /mcp HTTP/1.1', 'POST http://a/mcp HTTP/1.1'],
  ['GET /mcp HTTP/1.11', 'GET /mcp\u0000 HTTP/1.1', 'M-SEARCH * HTTP/1.1', 'SOURCE /mcp HTTP/1.1'],
  ['GET //mcp/../mcp HTTP/1.1', 'GET /%6dcp HTTP/1.1', 'HEAD /mcp HTTP/9.9', 'POST /mcp XTTP/1.1'],
  [`GET /${'a'.repeat(20_000)} HTTP/1.1`, '', ' ', '\u0000', '\x16\x03\x01\x02\x00\x01\x00'],
].flat();
const headerLines = [
  [
    'Host',
    ': x',
    ' folded',
    '\tfolded',
    'A\u0000: b',
    'A : b',
    'A: b\u0000',
    'A: b\rC: d',
    'A: b\n',
  ],
  ['Content-Length: 5', 'Content-Length: -1', 'Content-Length: +5', 'Content-Length: 0x5'],
  ['Content-Length: 99999999999999999999', 'Content-Length: ', 'Content-Length: 1e3', '()<>: a'],
  ['Transfer-Encoding: chunked', 'Transfer-Encoding: gzip', 'Transfer-Encoding:', 'é: é'],
  [`X: ${'y'.repeat(20_000)}`, `${'x'.repeat(20_000)}: y`, 'Upgrade: h2c', 'Expect: nothing'],
  ['Connection: close, keep-alive, upgrade', 'Host: evil.example', '__proto__: x'],
  [Array.from({ length: 1500 }, (_, index) => `X${index}: y`).join('\r\n')],
].flat();

/** A request that had its bytes changed somewhere before it was sent. */
export function garbled(request: Buffer, random: Random): Buffer {
  const text = request.toString('latin1');
  const end = text.indexOf('\r\n');
  const rest = text.slice(end);
  const [from, length] = [random.below(text.length), random.below(30)];
  const insert = `\r\n${random.pick(headerLines)}`;
  const changed = [
    () => random.pick(lines) + rest,
    () => text.slice(0, end) + insert + rest,
    () => text.slice(0, end) + insert + insert + rest,
    () => text.slice(0, from) + text.slice(from + length),
    () => text.slice(0, from) + text.slice(from, from + length) + text.slice(from),
    () => text.replaceAll('\r\n', random.pick(['\n', '\r', '\r\r\n', '\n\r', ' \r\n'])),
    () => noise(random, random.below(300)),
    () => text.slice(0, from) + noise(random, length) + text.slice(from),
  ];
  return Buffer.from(random.pick(changed)(), 'latin1');
}

function noise(random: Random, length: number): string {
  return Array.from({ length }, () => String.fromCharCode(random.below(256))).join('');
}

/**
 * A request whose length two parsers could see differently, with a second one where its body is. That
 * one says so, and would be answered, if it were ever read as a request.
 */
export function smuggled(random: Random, known: Known): Buffer {
  const hidden = formatRequest({
    method: 'POST',
    path: '/mcp',
    headers: usualHeaders(known),
    body: Buffer.from('{"jsonrpc":"2.0","id":"smuggled","method":"smuggled"}'),
  });
  const ping = '{"jsonrpc":"2.0","id":1,"method":"ping"}';
  const chunked = `${ping.length.toString(16)}\r\n${ping}\r\n0\r\n\r\n`;
  const [length, coding] = ['Content-Length', 'Transfer-Encoding'];
  const shapes: [headers: readonly Header[], body: string][] = [
    [[header(length, chunked.length), header(coding, 'chunked')], chunked],
    [[header(coding, 'chunked'), header(length, 4)], chunked],
    [[header(length, ping.length), header(length, ping.length + hidden.length)], ping],
    [[header(length, ping.length + hidden.length), header(length, ping.length)], ping],
    [[header(length, `${ping.length}, ${ping.length + 1}`)], ping],
    [[header(length, `+${ping.length}`)], ping],
    [[header(length, `${ping.length}_0`)], ping],
    [[header(`${length} `, ping.length)], ping],
    [[header(`${length}\t`, ping.length)], ping],
    [[header(coding, 'chunked, identity')], chunked],
    [[header(coding, 'xchunked')], chunked],
    [[header(coding, 'chunked\u000b')], chunked],
    [[header(coding, 'chunked'), header(coding, 'identity')], chunked],
    [[header(`${coding} `, 'chunked')], chunked],
    [[header('X', `y\n${coding}: chunked`), header(length, 5)], chunked],
    [[header('X', `y\r${coding}: chunked`), header(length, 5)], chunked],
    [[header(coding, 'chunked')], `0x${chunked}`],
    [[header(coding, 'chunked')], `-${chunked}`],
    [[header(coding, 'chunked')], `${'f'.repeat(17)}\r\n${ping}`],
    [[header(coding, 'chunked')], chunked.replaceAll('\r\n', '\n')],
    [[header(coding, 'chunked')], chunked.replace('\r\n0', 'X\r\n0')],
  ];
  const [headers, body] = random.pick(shapes);
  const head = formatRequest({
    method: 'POST',
    path: '/mcp',
    headers: [...usualHeaders(known), ...headers],
  });
  return Buffer.concat([head, Buffer.from(body), hidden]);
}

function header(name: string, value: string | number): Header {
  return [name, String(value)];
}

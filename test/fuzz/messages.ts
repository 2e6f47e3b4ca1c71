import type { Random } from './random.ts';

const methods = [
  ['ping', 'tools/list', 'tools/call', 'resources/read', 'prompts/get', 'completion/complete'],
  ['notifications/cancelled', 'notifications/initialized', 'notifications/progress'],
  ['server/discover', 'subscriptions/listen', 'logging/setLevel', 'x/notify', 'x/notify'],
  ['__proto__', 'constructor', 'toString', '', ' ', 'é\u2028', '\u0000', 'm'.repeat(1000)],
].flat();
/** Each of these costs a process, or a wait. */
const dearMethods = ['initialize', 'x/hang'];

const ids = [
  ['0', '-0', '1', '-1', '1.5', '1.0', '1e400', '-1e400', '1E-400', '12345678901234567890'],
  ['""', '"1"', '"__proto__"', '"constructor"', String.raw`"\ud800"`, String.raw`"\u0000"`],
  ['"ü\u2028"', String.raw`"\"\\"`, `"${'i'.repeat(900)}"`],
].flat();
const oddIds = [
  'null',
  'true',
  '[]',
  '{}',
  '[1]',
  `"${'i'.repeat(2000)}"`,
  '01',
  '+1',
  'NaN',
  "'1'",
];

const scalars = [
  ['null', 'true', 'false', '0', '-0.0', '1e400', '9007199254740993', '1e-999', '""'],
  ['"text"', String.raw`"\ud800\udc00\ud800"`, '"\u2028 👨‍👩‍👧 \u00a0"', String.raw`"\u0000\n\r"`],
].flat();
/** What can be read, but neither turned into a number or a text nor written again. */
const unwritable = ['{"toString":1}', '{"valueOf":null,"toString":1}', nest('', 20_000)];
const keys = ['a', '', '__proto__', 'constructor', 'toString', '_meta', 'name', 'arguments', 'ref'];
const spaces = ['', '', '', ' ', '\n', '\r\n', '\t', ' \n '];

/** A JSON-RPC message that is right but for what its values are, as text. */
export function makeMessage(random: Random): string {
  const members = [['jsonrpc', '"2.0"']];
  const kind = random.below(10);
  // Numbers of the run keep most requests apart that are in flight together.
  const id = random.chance(0.7) ? String(random.below(2 ** 31)) : random.pick(ids);
  if (kind > 0) {
    const method = random.pick(random.chance(0.004) ? dearMethods : methods);
    members.push(['method', JSON.stringify(method)], ['params', makeParams(random)]);
  }
  if (kind === 0) members.push(['result', makeValue(random, 3)]);
  if (kind !== 1) members.push(['id', id]);
  if (random.chance(0.1)) members.push(['extra', makeValue(random, 3)]);
  const order = members.toSorted(() => random.below(3) - 1);
  const space = (): string => random.pick(spaces);
  const parts = order.map(([key, value]) => `${space()}"${key}"${space()}:${space()}${value}`);
  return `{${parts.join(`${space()},`)}${space()}}`;
}

/** A request of the revision without sessions that is right but for what its values are. */
export function makeModernMessage(random: Random): { readonly method: string; text: string } {
  const method = random.pick(['tools/list', 'tools/call', 'server/discover', 'x/notify']);
  const value = (): string => random.pick([...scalars, ...unwritable]);
  const meta = [
    ['protocolVersion', '"2026-07-28"'],
    // Each kind of client costs a process.
    ['clientCapabilities', random.pick(['{}', `{"a":${nest('', 20_000)}}`, '{"toString":1}'])],
    ['clientInfo', value()],
    ['logLevel', random.chance(0.5) ? '"debug"' : value()],
  ].map(([key, json]) => `"io.modelcontextprotocol/${key}":${json}`);
  const token = `"progressToken":${value()}`;
  const params = `"name":"echo","":${value()},"_meta":{${[...meta, token].join(',')}}`;
  const id = random.pick(ids);
  return {
    method,
    text: `{"jsonrpc":"2.0","id":${id},"method":"${method}","params":{${params}}}`,
  };
}

function makeParams(random: Random): string {
  if (random.chance(0.1)) return makeValue(random, 3);
  const odd = random.pick(random.chance(0.02) ? unwritable : ids);
  const token = random.chance(0.5) ? odd : '"t"';
  const meta = random.chance(0.5) ? `"_meta":{"progressToken":${token}},` : '';
  const version = random.pick([
    '2024-11-05',
    '2025-03-26',
    '2025-11-25',
    '2026-07-28',
    '__proto__',
  ]);
  return `{${meta}"protocolVersion":"${version}","name":${makeValue(random, 0)},"requestId":${random.chance(0.02) ? random.pick(unwritable) : random.pick(ids)},"x":${makeValue(random, 4)}}`;
}

function makeValue(random: Random, depth: number): string {
  if (depth === 0 || random.chance(0.4)) return random.pick(scalars);
  if (random.chance(0.01)) return nest('null', random.below(5000));
  const values = Array.from({ length: random.below(4) }, () => makeValue(random, depth - 1));
  if (random.chance(0.5)) return `[${values.join(',')}]`;
  return `{${values.map((value) => `${JSON.stringify(random.pick(keys))}:${value}`).join(',')}}`;
}

function nest(text: string, depth: number): string {
  return `${'['.repeat(depth)}${text}${']'.repeat(depth)}`;
}

const oddPieces = [
  ['\u0000', '\xff', '\xc0\x80', '\xed\xa0\x80', '\xef\xbb\xbf', '"', '\\', '{', '}', '['].map(
    (text) => Buffer.from(text, 'latin1'),
  ),
  ['\n', '\r', ':', ',', '1', 'e', '\\u00', '"id":1,', '"method":"a",'].map((text) =>
    Buffer.from(text),
  ),
].flat();

const mutations: ((text: string, random: Random) => string | Buffer)[] = [
  (text, random) => text.slice(0, random.below(text.length)),
  (text, random) => text.slice(random.below(text.length)),
  (text, random) => `${text.slice(0, -1)},"${random.pick(['id', 'method', 'Id', 'params'])}":1}`,
  (text) => `${text.slice(0, -1)},"result":{},"error":null}`,
  (text, random) => text.replace(/"id"\s*:\s*[^,}]+/, () => `"id":${random.pick(oddIds)}`),
  (text, random) => text.replace('"2.0"', () => random.pick(['2.0', '"1.0"', 'null', '"2.0 "'])),
  (text) => text.replace('"method"', String.raw`"m\u0065thod"`),
  (text, random) => `[${Array.from({ length: 1 + random.below(9) }, () => text).join(',')}]`,
  (text, random) => `[${text},${makeMessage(random)},${random.pick(scalars)}]`,
  (text, random) => nest(text, 1 + random.below(10_000)),
  (text, random) => '[{"a":'.repeat(random.below(5000)) + text,
  (_, random) => makeValue(random, 3),
  (text, random) => text + random.pick(['x', ' {}', text, '\u0000', ',']),
  (text) => `${' \n'.repeat(30_000)}${text}`,
  (text) => text.padEnd(70_000),
  (text, random) => {
    const bytes = Buffer.from(text);
    for (let times = random.below(4); times >= 0; times -= 1) {
      bytes[random.below(bytes.length)] = random.below(256);
    }
    return bytes;
  },
  (text, random) => {
    const bytes = Buffer.from(text);
    const at = random.below(bytes.length);
    const until = at + (random.chance(0.5) ? 0 : random.below(20));
    return Buffer.concat([bytes.subarray(0, at), random.pick(oddPieces), bytes.subarray(until)]);
  },
];

/** A message with something wrong, or that only looks wrong. */
export function mutateMessage(text: string, random: Random): Buffer {
  return Buffer.from(random.pick(mutations)(text, random));
}

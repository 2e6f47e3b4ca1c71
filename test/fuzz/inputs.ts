import { makeMessage, makeModernMessage, mutateMessage } from './messages.ts';
import { seeded, type Random } from './random.ts';
import { formatRequest, oddHeaders, usualHeaders, type Header, type Known } from './requests.ts';
import { garbled, smuggled } from './raw.ts';

/** Something to send to a bridge on a connection of its own. */
export interface Input {
  readonly family: string;
  /** Written one after the other. */
  readonly pieces: readonly Buffer[];
  /**
   * `answer`: one whole request, which must be answered. `finish`: whatever it is, the connection is
   * ended by this side in the end, and must close. `vanish`: this side is gone at once.
   */
  readonly ending: 'answer' | 'finish' | 'vanish';
  /** The one message sent, when nothing forbids its answer to carry the hash of its line. */
  readonly body?: Buffer;
}

const families: Readonly<Record<string, (random: Random, known: Known) => Omit<Input, 'family'>>> =
  {
    message: (random, known) => post(random, known, Buffer.from(makeMessage(random))),
    mutation: (random, known) => post(random, known, mutateMessage(makeMessage(random), random)),
    modern: (random, known) => {
      const { method, text } = makeModernMessage(random);
      const headers: Header[] = [
        ...usualHeaders(known),
        ['Mcp-Protocol-Version', '2026-07-28'],
        ['Mcp-Method', method],
        ['Mcp-Name', 'echo'],
      ];
      // Its line changes on the way, so that its hash says nothing.
      const { pieces, ending } = post(random, known, Buffer.from(text), headers);
      return { pieces, ending };
    },
    headers: (random, known) => {
      const body = Buffer.from(makeMessage(random));
      return { ...post(random, known, body, oddHeaders(usualHeaders(known), random)) };
    },
    stream: (random, known) => {
      const method = random.pick(['GET', 'GET', 'GET', 'DELETE', 'OPTIONS', 'PUT', 'PROPFIND']);
      // Were the run's session really deleted, everything behind it would be dull.
      const session = method === 'DELETE' ? 'deleted' : known.session;
      const id = random.pick([
        '0',
        '1',
        '-1',
        '1e3',
        '9'.repeat(15),
        'x',
        'g1_0',
        'g0_1',
        'g9_9',
        '1_0',
      ]);
      const headers: Header[] = [...usualHeaders({ ...known, session }), ['Last-Event-ID', id]];
      const path = random.pick([
        '/mcp',
        '/mcp',
        '/mcp?x',
        '/readyz',
        '/healthz',
        '/__proto__',
        '*',
      ]);
      const head = formatRequest({ method, path, headers: oddHeaders(headers, random) });
      return { pieces: [head], ending: 'finish' };
    },
    pipeline: (random, known) => {
      const requests = Array.from({ length: 1 + random.below(20) }, () => pipelined(random, known));
      return { pieces: split(Buffer.concat(requests), random), ending: 'finish' };
    },
    torn: (random, known) => {
      const whole = pipelined(random, known);
      const pieces = split(whole.subarray(0, random.below(whole.length)), random);
      return { pieces, ending: random.pick(['finish', 'vanish']) };
    },
    garbled: (random, known) => ({
      pieces: split(garbled(pipelined(random, known), random), random),
      ending: random.pick(['finish', 'finish', 'finish', 'vanish']),
    }),
    smuggled: (random, known) => ({ pieces: [smuggled(random, known)], ending: 'finish' }),
  };

/** The input of that number, which is the same in every run with that seed. */
export function makeInput(seed: number, number: number, known: Known): Input {
  const random = seeded(seed, number);
  const family = random.pick(Object.keys(families));
  return { family, ...families[family]?.(random, known) } as Input;
}

function post(
  random: Random,
  known: Known,
  body: Buffer,
  headers = usualHeaders(known),
): Omit<Input, 'family'> {
  const whole = formatRequest({ method: 'POST', path: '/mcp', headers, body });
  return { pieces: split(whole, random), ending: 'answer', body };
}

function pipelined(random: Random, known: Known): Buffer {
  const headers = usualHeaders(known);
  if (random.chance(0.2)) return formatRequest({ method: 'GET', path: '/mcp', headers });
  if (random.chance(0.2)) return formatRequest({ method: 'GET', path: '/healthz', headers });
  const message = makeMessage(random);
  const body = random.chance(0.3) ? mutateMessage(message, random) : Buffer.from(message);
  return formatRequest({ method: 'POST', path: '/mcp', headers, body });
}

/** Mostly in one piece; else cut anywhere. */
function split(bytes: Buffer, random: Random): Buffer[] {
  if (bytes.length < 2 || random.chance(0.7)) return [bytes];
  const at = random.below(bytes.length);
  return [bytes.subarray(0, at), bytes.subarray(at)];
}

import type { Clock } from '../clock.ts';
import { fieldOf, parseJson } from '../mcp/body.ts';
import { formatFailure, rpcCodes } from '../mcp/jsonrpc.ts';
import { ownMeta } from '../mcp/modern.ts';
import type { Era, EraMemory } from './modern/era.ts';
import { initialized, introduction } from './modern/translate.ts';
import { Upstream } from './modern/upstream.ts';
import type { Started } from './spare.ts';

/** Asks the server something; gives the response, an error too. */
export type Ask = (method: string, params: object) => Promise<Buffer>;

/** Lets the bridge itself be a client of its server, for as long as `use` takes. May reject. */
export type WithOwnClient = (use: (ask: Ask) => Promise<void>) => Promise<void>;

/** How long a server has for all that it is asked, in ms. */
export const patienceMs = 10_000;

interface StdioOptions {
  readonly startServer: () => Started;
  readonly memory: Pick<EraMemory, 'read'>;
  readonly clock: Clock;
  readonly memoryBytes: number;
}

/** A client of a process of its own, or of the one that all share. */
export function stdioClient(options: StdioOptions): WithOwnClient {
  return async (use) => {
    const known = options.memory.read();
    const asking = { ...options, use, signal: AbortSignal.timeout(patienceMs) };
    if (known !== 'modern' && (await attempt('legacy', asking))) return;
    // Another process: some servers exit on an `initialize` that they don't know.
    if (known !== 'legacy' && !asking.signal.aborted) await attempt('modern', asking);
  };
}

interface Asking extends StdioOptions {
  readonly use: (ask: Ask) => Promise<void>;
  readonly signal: AbortSignal;
}

/** False when the server is not of this era. */
async function attempt(
  era: Era,
  { startServer, clock, memoryBytes, use, signal }: Asking,
): Promise<boolean> {
  const upstream: Upstream = new Upstream({
    startChild: (events) => startServer().adopt(events),
    clock,
    requestMs: patienceMs,
    memoryBytes,
    onUnrelated: (envelope) => {
      if (envelope.kind === 'request') upstream.write(formatFailure(envelope.idText, noAnswer));
    },
    onEnd: () => undefined,
  });
  // Its end answers what it has not answered.
  const giveUp = (): void => void upstream.end('it did not answer in time');
  signal.addEventListener('abort', giveUp);
  try {
    if (era === 'modern') {
      await use((method, params) => upstream.ask(method, { ...params, _meta: ownMeta }));
      return true;
    }
    const answer = await upstream.ask('initialize', introduction(facts));
    if (!hasResult(answer)) return false;
    upstream.write(initialized);
    await use((method, params) => upstream.ask(method, params));
    return true;
  } finally {
    signal.removeEventListener('abort', giveUp);
    void upstream.end('it was only asked what it has');
  }
}

export function hasResult(answer: Buffer | undefined): boolean {
  return answer !== undefined && fieldOf(parseJson(answer), 'result') !== undefined;
}

const facts = { capabilities: '{}', clientInfo: undefined };

const noAnswer = { code: rpcCodes.methodNotFound, message: 'this client takes no requests' };

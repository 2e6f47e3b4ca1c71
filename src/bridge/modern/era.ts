import { fieldOf, parseJson } from '../../mcp/body.ts';
import { metaKeys, modernRevisions } from '../../mcp/modern.ts';
import type { Child } from '../child.ts';
import type { Started } from '../spare.ts';

/** `modern`: it answers requests that say everything about themselves. `legacy`: it wants `initialize` first. */
export type Era = 'modern' | 'legacy';

/** What was found out about a program before, over restarts of the bridge. */
export interface EraMemory {
  read(): Era | undefined;
  write(era: Era): void;
}

interface Probe {
  readonly start: () => Started;
  readonly answerMs: number;
}

/**
 * Asks a server of its own for its era, with `server/discover`: some servers exit on a first message that
 * they don't know, so nothing else is ever asked of one that did not answer it. Never rejects.
 */
export async function probeEra({ start, answerMs }: Probe): Promise<Era> {
  const found = Promise.withResolvers<Era>();
  const child: Child = start().adopt({
    onLine: (line) => {
      const message = parseJson(line);
      if (fieldOf(message, 'id') === probeId) found.resolve(eraOf(message));
    },
    onEnd: () => found.resolve('legacy'),
  });
  child.write(discover);
  const timer = setTimeout(() => found.resolve('legacy'), answerMs);
  const era = await found.promise;
  clearTimeout(timer);
  void child.stop({ kind: 'stopped', reason: 'it was only asked for its era' });
  return era;
}

function eraOf(message: unknown): Era {
  const supported =
    fieldOf(fieldOf(message, 'result'), 'supportedVersions') ??
    fieldOf(fieldOf(fieldOf(message, 'error'), 'data'), 'supported');
  const isOurs = Array.isArray(supported) && supported.some((one) => modernRevisions.includes(one));
  return isOurs ? 'modern' : 'legacy';
}

const probeId = 'mcpd-probe';
const discover = Buffer.from(
  JSON.stringify({
    jsonrpc: '2.0',
    id: probeId,
    method: 'server/discover',
    params: {
      _meta: {
        [metaKeys.revision]: modernRevisions[0],
        [metaKeys.clientInfo]: { name: 'mcpd', version: '1' },
        [metaKeys.capabilities]: {},
      },
    },
  }),
);

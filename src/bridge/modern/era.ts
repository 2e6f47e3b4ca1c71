import { fieldOf, parseJson } from '../../mcp/body.ts';
import { modernRevisions, ownMeta } from '../../mcp/modern.ts';
import type { Child } from '../child.ts';
import type { Started } from '../spare.ts';

/** `modern`: it answers requests that say everything about themselves. `legacy`: it wants `initialize` first. */
export type Era = 'modern' | 'legacy';

/** What was found out about a program before, over restarts of the bridge. */
export interface EraMemory {
  read(): Era | undefined;
  write(era: Era): void;
}

interface Found {
  readonly era: Era;
  readonly isSure: boolean;
  /** Its process is gone. */
  readonly ended: Promise<void>;
}

const silent = { era: 'legacy', isSure: false } as const;

interface Probe {
  readonly start: () => Started;
  readonly answerMs: number;
  /** Nobody wants to know any more. */
  readonly stopped: Promise<void>;
}

/**
 * Asks a server of its own for its era, with `server/discover`: some servers exit on a first message that
 * they don't know, so nothing else is ever asked of one that did not answer it. `isSure` is false when it
 * said nothing, which may have other reasons. Never rejects.
 */
export async function probeEra({ start, answerMs, stopped }: Probe): Promise<Found> {
  const found = Promise.withResolvers<Omit<Found, 'ended'>>();
  const child: Child = start().adopt({
    onLine: (line) => {
      const message = parseJson(line);
      if (fieldOf(message, 'id') !== probeId) return;
      found.resolve({ era: eraOf(message), isSure: true });
    },
    onEnd: () => found.resolve(silent),
  });
  child.write(discover);
  const timer = setTimeout(() => found.resolve(silent), answerMs);
  void stopped.then(() => found.resolve(silent));
  const answer = await found.promise;
  clearTimeout(timer);
  const ended = child.stop({ kind: 'stopped', reason: 'it was only asked for its era' });
  return { ...answer, ended };
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
    params: { _meta: ownMeta },
  }),
);

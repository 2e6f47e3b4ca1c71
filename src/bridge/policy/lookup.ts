import type { Clock } from '../../clock.ts';
import { fieldOf, parseJson } from '../../mcp/body.ts';
import type { WithOwnClient } from '../own-client.ts';
import type { Kind } from './changes.ts';

interface LookupOptions {
  readonly withOwnClient: WithOwnClient;
  /** Hears each page, with the cursor that it was asked with. */
  readonly onPage: (answer: Buffer, cursor: string | undefined) => void;
  readonly clock: Clock;
}

export interface Lookup {
  /** Reads a whole list from the server; undefined when that was done a moment ago. Never rejects. */
  read(kind: Kind): Promise<void> | undefined;
  /** What was read is not enough any more. */
  forget(kind: Kind): void;
}

/** Names that a server doesn't have must not make it list all the time; in ms. */
const pauseMs = 10_000;
/** A server that always names a next page must not be read for ever. */
const mostPages = 1_000;

const methodsOf: Readonly<Record<Kind, readonly string[]>> = {
  tools: ['tools/list'],
  resources: ['resources/list', 'resources/templates/list'],
  prompts: ['prompts/list'],
};

/** Lists on the bridge's own behalf, for clients that use what they have not listed. */
export function createLookup({ withOwnClient, onPage, clock }: LookupOptions): Lookup {
  const started = new Map<Kind, number>();
  const underWay = new Map<Kind, Promise<void>>();

  const readAll = (kind: Kind): Promise<void> =>
    withOwnClient(async (ask) => {
      for (const method of methodsOf[kind]) {
        let cursor: string | undefined;
        let pages = 0;
        do {
          const answer = await ask(method, cursor === undefined ? {} : { cursor });
          onPage(answer, cursor);
          const next = fieldOf(fieldOf(parseJson(answer), 'result'), 'nextCursor');
          cursor = typeof next === 'string' ? next : undefined;
          pages += 1;
        } while (cursor !== undefined && pages < mostPages);
      }
    });

  return {
    read: (kind) => {
      const running = underWay.get(kind);
      if (running) return running;
      const now = clock.now();
      if (now - (started.get(kind) ?? Number.NEGATIVE_INFINITY) < pauseMs) return undefined;
      started.set(kind, now);
      // What can't be found out is not available.
      const reading = readAll(kind)
        .catch(() => undefined)
        .finally(() => underWay.delete(kind));
      underWay.set(kind, reading);
      return reading;
    },
    forget: (kind) => void started.delete(kind),
  };
}

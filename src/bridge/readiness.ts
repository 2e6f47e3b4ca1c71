import { latestRevision } from '../mcp/protocol.ts';
import { readEnvelope } from '../mcp/envelope.ts';
import type { Child, ChildEvents } from './child.ts';
import { nameEnding } from './ending.ts';
import type { Startups } from './startups.ts';

interface ReadinessOptions {
  readonly startups: Startups;
  readonly startChild: (label: string, events: ChildEvents) => Child;
  /** How long a server may take to answer `initialize`, in ms. */
  readonly answerMs: number;
}

export interface Readiness {
  /** `ready`, or one word that says why not. Never waits: the first question starts a server to find out. */
  check(): string;
  /** Ends a trial that is under way. */
  close(): Promise<void>;
}

/** Answers whether a server can be started and answers, by what happened last or by trying. */
export function createReadiness({ startups, startChild, answerMs }: ReadinessOptions): Readiness {
  let trial: Child | undefined;

  const begin = (): void => {
    let hasAnswered = false;
    const child = startChild('trial', {
      onLine: (line) => {
        const envelope = readEnvelope(line);
        if (envelope?.kind !== 'response' || envelope.id !== 0 || hasAnswered) return;
        hasAnswered = true;
        startups.succeeded();
        void child.stop({ kind: 'stopped', reason: 'it is ready' });
      },
      onEnd: (ending) => {
        clearTimeout(timer);
        trial = undefined;
        if (!hasAnswered && ending.cause.kind !== 'stopped') startups.failed(nameEnding(ending));
      },
    });
    const timer = setTimeout(() => void child.stop({ kind: 'silent' }), answerMs);
    trial = child;
    child.write(initialize);
  };

  return {
    check: () => {
      if (startups.isReady) return 'ready';
      if (!trial && startups.pauseMs() === 0) begin();
      return startups.reason;
    },
    close: async () => trial?.stop({ kind: 'stopped', reason: 'the bridge is shutting down' }),
  };
}

/** What the bridge asks of its own accord. */
export const initialize = Buffer.from(
  JSON.stringify({
    jsonrpc: '2.0',
    id: 0,
    method: 'initialize',
    params: {
      protocolVersion: latestRevision,
      capabilities: {},
      clientInfo: { name: 'mcpd', version: '1' },
    },
  }),
);

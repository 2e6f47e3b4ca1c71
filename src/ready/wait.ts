import type { ObservedServer } from '../reconcile/observed.ts';
import { UnhealthyError } from '../errors.ts';
import type { Handshake } from './handshake.ts';

/** What waiting needs of the world. */
export interface ReadyProbe {
  /** `bob/filesystem` */
  readonly key: string;
  handshake(): Promise<Handshake>;
  observe(): Promise<ObservedServer | undefined>;
  /** The last lines of the container's log. */
  lastLines(): Promise<readonly string[]>;
}

export interface WaitOptions {
  readonly timeoutMs: number;
  readonly now: () => number;
  /** Waits this many milliseconds; rejects when the command is cancelled. */
  readonly pause: (milliseconds: number) => Promise<unknown>;
}

// A twentieth of the time waited so far: what is noticed late is at most 5 %, and slow servers are left in peace.
const pauseShare = 0.05;
const shortestPauseMs = 5;
const longestPauseMs = 250;
const observeEveryMs = 500;

/**
 * Waits until a server answers an MCP handshake. Ends early when its container exits or loops.
 * Throws UnhealthyError with the last lines of its log.
 */
export async function waitReady(probe: ReadyProbe, options: WaitOptions): Promise<number> {
  const start = options.now();
  let lastLook = start;
  for (;;) {
    const answer = await probe.handshake();
    if (answer.state === 'ready') return answer.tools;
    const now = options.now();
    if (now - start >= options.timeoutMs) {
      const seconds = Math.round(options.timeoutMs / 1000);
      throw await unhealthy(probe, `is not ready after ${seconds} s: ${answer.reason}`);
    }
    if (now - lastLook >= observeEveryMs) {
      lastLook = now;
      const failure = whyHopeless(await probe.observe());
      if (failure) throw await unhealthy(probe, failure);
    }
    const share = (now - start) * pauseShare;
    await options.pause(Math.min(Math.max(share, shortestPauseMs), longestPauseMs));
  }
}

/** Says why a container will not become ready by itself; undefined while it may. */
function whyHopeless(server: ObservedServer | undefined): string | undefined {
  if (!server) return 'is gone: its container was removed';
  const memory = server.oomKilled ? ', out of memory' : '';
  if (server.state === 'exited' || server.state === 'dead') {
    return `exited with code ${server.exitCode}${memory}`;
  }
  if (server.restarts >= 3) return `keeps exiting (${server.restarts} restarts)${memory}`;
  return undefined;
}

async function unhealthy(probe: ReadyProbe, reason: string): Promise<UnhealthyError> {
  const lines = await probe.lastLines();
  const log = lines.length === 0 ? '' : `\nLast lines of its log:\n${lines.join('\n')}`;
  return new UnhealthyError(`${probe.key} ${reason}${log}`, {
    code: 'NOT_READY',
    suggestions: [`mcpd logs ${probe.key}`, 'a longer --timeout, if it is only slow'],
  });
}

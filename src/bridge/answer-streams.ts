import type { ServerResponse } from 'node:http';
import type { Clock } from '../clock.ts';
import { rpcCodes } from '../mcp/jsonrpc.ts';
import { primedRevision } from '../mcp/protocol.ts';
import { refuse, sendText, type Refusal } from './answer.ts';
import { AnswerStream } from './answer-stream.ts';
import type { Principal } from './auth.ts';
import { Replay } from './replay.ts';

/** An answer that has become an event stream. */
export interface ResumableAnswer {
  readonly principal: Principal;
  readonly isConnected: boolean;
  /** The last response is in; there will be nothing more. */
  readonly isComplete: boolean;
  /** Goes on behind a position on another connection. */
  resume(connection: Connection, sequence: number): void;
  /** Ends the connection, not the stream. */
  pause(): void;
}

export interface Connection {
  readonly response: ServerResponse;
  readonly principal: Principal;
}

interface Track {
  readonly answer: ResumableAnswer;
  readonly stream: AnswerStream;
  /** Of the token that asked; who cannot ask may not read. */
  readonly scopes: Principal['scopes'];
  /** When it got its present connection, in ms. */
  connectedAt: number;
  /** When it last had a connection or something to wait for, in ms. */
  wantedAt: number;
}

interface AnswerStreamsOptions {
  readonly clock: Clock;
  /** The session's revision; undefined until its server has answered `initialize`. */
  readonly revision: () => string | undefined;
  readonly onLostRequest: (requestIdText: string) => void;
}

/** Of a session. Most answers fit many times; all sessions together keep a small part of what a server may use. */
const replayMessages = 256;
const replayBytes = 2 ** 22;
/** How long a whole answer waits for a client that lost its connection. It takes seconds to come back, or a walk between two networks. */
const keptMs = 300_000;
/**
 * After this the client is asked to come back. It frees the connections of clients that have silently
 * gone, and is less than many proxies and address translators let a connection live.
 */
const pollAfterMs = 300_000;

/** The answers of one session that are event streams, and those its client may come back for. */
export class AnswerStreams {
  readonly #options: AnswerStreamsOptions;
  readonly #replay: Replay;
  readonly #tracks = new Map<number, Track>();
  #count = 0;

  constructor(options: AnswerStreamsOptions) {
    this.#options = options;
    const { onLostRequest } = options;
    this.#replay = new Replay({ messages: replayMessages, bytes: replayBytes, onLostRequest });
  }

  /** An answer becomes a stream. The answer to `initialize` cannot be resumed: its client knows no session yet. */
  open(answer: ResumableAnswer): AnswerStream | undefined {
    const revision = this.#options.revision();
    if (revision === undefined) return undefined;
    this.#count += 1;
    const stream = new AnswerStream({
      number: this.#count,
      isPrimed: revision >= primedRevision,
      replay: this.#replay,
    });
    const now = this.#options.clock.now();
    const { scopes } = answer.principal;
    this.#tracks.set(this.#count, { answer, stream, scopes, connectedAt: now, wantedAt: now });
    return stream;
  }

  /** Answers a GET whose `Last-Event-ID` is of an answer's stream; false when it is not. */
  resume(connection: Connection, lastEventId: string | undefined): boolean {
    const [, number, position] = /^(\d{1,15})_(\d{1,15})$/.exec(lastEventId ?? '') ?? [];
    if (number === undefined) return false;
    const track = this.#tracks.get(Number(number));
    const sequence = Number(position);
    if (!track?.scopes.isSubsetOf(connection.principal.scopes)) {
      refuse(connection.response, unknown);
    } else if (track.answer.isComplete && !track.stream.hasAfter(sequence)) {
      // What tells a reader of event streams to stop coming back.
      sendText(connection.response, 204);
    } else {
      track.connectedAt = this.#options.clock.now();
      track.answer.resume(connection, sequence);
    }
    return true;
  }

  /** Asks long connections to come back, and forgets what nobody came back for. */
  sweep(now: number): void {
    for (const [number, track] of this.#tracks) {
      const { answer, stream } = track;
      if (answer.isConnected && stream.isPrimed && now - track.connectedAt >= pollAfterMs) {
        answer.pause();
      }
      if (answer.isConnected || !answer.isComplete) track.wantedAt = now;
      const isOver = answer.isComplete && !this.#replay.has(number);
      if (!isOver && now - track.wantedAt < keptMs) continue;
      this.#tracks.delete(number);
      this.#replay.forget(number);
    }
  }
}

const unknown: Refusal = {
  status: 400,
  failure: { code: rpcCodes.invalidRequest, message: 'nothing is kept of this event stream' },
};

import { fieldOf, parseJson } from '../../mcp/body.ts';
import { bytesOf, edit, findValue } from '../../mcp/edit.ts';
import { formatFailure, rpcCodes, type RpcFailure } from '../../mcp/jsonrpc.ts';
import { metaKeys, nameSource } from '../../mcp/modern.ts';
import type { Principal } from '../auth.ts';
import type { Kind } from '../policy/changes.ts';
import type { Reply } from '../reply.ts';
import type { Parameters } from './parameters.ts';

/** One request of a client that keeps no session, and where its answer goes. */
export interface Incoming {
  readonly method: string;
  readonly idText: string;
  readonly line: Buffer;
  readonly params: unknown;
  readonly reply: Reply;
  readonly principal: Principal;
}

/** What a server does for such clients. */
export interface StatelessServer {
  /** Requests and subscriptions that somebody waits for. */
  readonly size: number;
  readonly lastUsedAt: number;
  /** Which parameters of its tools headers repeat. */
  readonly parameters: Parameters;
  /** Who listens for news. */
  readonly subscriptions: { announce(kind: Kind): void };
  take(incoming: Incoming): void;
  /** The client went away before its answer. */
  abandon(reply: Reply): void;
  /** The client falls behind, or has caught up. */
  congestion(reply: Reply, isCongested: boolean): void;
  sweep(now: number): void;
  /** Ends the server; resolves when it is gone. */
  end(reason: string): Promise<void>;
}

/** Whose request it is, and which: a repeated one must say the same. */
export function ownerOf({ method, params, principal }: Incoming): string {
  const source = nameSource(method);
  const name = source === undefined ? undefined : fieldOf(params, source);
  // What is no name may be so deep that it can't be written.
  return JSON.stringify([principal.subject, method, typeof name === 'string' ? name : null]);
}

/** The least severe log message that a request asks for; undefined when it asks for none. */
export function logLevelOf({ params }: Incoming): string | undefined {
  const level = fieldOf(fieldOf(params, '_meta'), metaKeys.logLevel);
  return typeof level === 'string' && levels.includes(level) ? level : undefined;
}

/** A log message names no request: it goes to the only one there is, if that asked for it. */
export function passLog(line: Buffer, inFlight: readonly Logged[]): void {
  const [only, ...others] = inFlight;
  if (only?.logLevel === undefined || others.length > 0) return;
  const level = fieldOf(fieldOf(parseJson(line), 'params'), 'level');
  const isLoud =
    typeof level === 'string' && levels.indexOf(level) >= levels.indexOf(only.logLevel);
  if (isLoud) only.incoming?.reply.sendRelated(line);
}

interface Logged {
  readonly incoming: Pick<Incoming, 'reply'> | undefined;
  readonly logLevel: string | undefined;
}

const levels = [
  'debug',
  'info',
  'notice',
  'warning',
  'error',
  'critical',
  'alert',
  'emergency',
] as const as readonly string[];

/** Answers with the status that the response's error calls for. */
export function respond(reply: Reply, line: Buffer): void {
  const code = findValue(line, ['error', 'code']);
  reply.sendResponse(line, code ? statusOf(Number(bytesOf(line, code).toString())) : 200);
}

export function refuseIncoming({ reply, idText }: Incoming, failure: RpcFailure): void {
  reply.sendResponse(formatFailure(idText, failure), statusOf(failure.code));
}

/** The same response under another id. */
export function readdress(line: Buffer, idText: string): Buffer {
  const span = findValue(line, ['id']);
  return span ? edit(line, [{ span, json: idText }]) : line;
}

function statusOf(code: number): number {
  if (code === rpcCodes.methodNotFound) return 404;
  return code === rpcCodes.missingCapability || code === rpcCodes.unsupportedRevision ? 400 : 200;
}

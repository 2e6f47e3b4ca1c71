import type { ServerResponse } from 'node:http';
import { formatFailure, rpcCodes, type RpcFailure } from '../mcp/jsonrpc.ts';
import { refuse, sendJson } from './answer.ts';
import { trailOf } from './records/trail.ts';
import type { Posted } from './post.ts';

/** What an error has to answer: the requests of one body, by their ids as they were written. */
export interface Asked {
  readonly idTexts: readonly string[];
  readonly isBatch: boolean;
}

export function askedIn({ messages, isBatch }: Posted): Asked {
  const idTexts = messages.flatMap(({ envelope }) =>
    envelope.kind === 'request' ? envelope.idText : [],
  );
  return { idTexts, isBatch };
}

/** Tells every request of a body why it failed, as a server would answer it. */
export function answerFailure(
  response: ServerResponse,
  { idTexts, isBatch }: Asked,
  failure: RpcFailure,
): void {
  const errors = idTexts.map((idText) => formatFailure(idText, failure));
  const [first] = errors;
  for (const error of errors) trailOf(response)?.answered(error);
  if (!first) return refuse(response, { status: 502, failure });
  const json = isBatch ? Buffer.from(`[${errors.join(',')}]`) : first;
  sendJson(response, { status: 200, json });
}

/** Answers that are about the way to the server, or none in HTTP: a client could only misunderstand them. */
export function isUnfit(status: number): boolean {
  const isAnswer = (status >= 200 && status < 300) || (status >= 400 && status < 600);
  return !isAnswer || status === 401 || status === 407;
}

export function describeUnfit(status: number): RpcFailure {
  const message = `the MCP server answered with HTTP ${status}, which is no MCP answer`;
  return { code: rpcCodes.serverFailed, message, data: { kind: 'http', status } };
}

export const timedOut: RpcFailure = {
  code: rpcCodes.timeout,
  message: 'the MCP server did not answer in time',
};

export const unreadable: RpcFailure = {
  code: rpcCodes.serverFailed,
  message: 'the MCP server gave an answer that cannot be checked against the policy',
};

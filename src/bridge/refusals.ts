import type { ClientMessage } from '../mcp/body.ts';
import { rpcCodes } from '../mcp/jsonrpc.ts';
import type { Refusal } from './answer.ts';

/** The id to answer with; a batch has none. */
export function idOf([message, ...others]: readonly ClientMessage[]): string | undefined {
  if (others.length > 0 || message?.envelope.kind !== 'request') return undefined;
  return message.envelope.idText;
}

export function invalid(message: string, messages: readonly ClientMessage[] = []): Refusal {
  return {
    status: 400,
    failure: { code: rpcCodes.invalidRequest, message },
    idText: idOf(messages),
  };
}

export function busy(status: number, message: string, idText?: string, seconds = 5): Refusal {
  return {
    status,
    failure: { code: rpcCodes.busy, message },
    headers: { 'Retry-After': String(seconds) },
    idText,
  };
}

export const notAcceptable: Refusal = {
  status: 406,
  failure: {
    code: rpcCodes.invalidRequest,
    message: 'Accept must allow application/json and text/event-stream',
  },
};

export const notJson: Refusal = {
  status: 415,
  failure: { code: rpcCodes.invalidRequest, message: 'Content-Type must be application/json' },
};

export const tooLarge: Refusal = {
  status: 413,
  failure: { code: rpcCodes.invalidRequest, message: 'the body is larger than this server takes' },
};

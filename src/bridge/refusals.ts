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

/** The value of `WWW-Authenticate`; the metadata says where tokens come from (RFC 9728). */
export function challenge(metadataUrl: string, ...details: readonly string[]): string {
  return `Bearer ${[...details, `resource_metadata="${metadataUrl}"`].join(', ')}`;
}

export function unauthorized(metadataUrl: string, ...details: readonly string[]): Refusal {
  return {
    status: 401,
    failure: { code: rpcCodes.refused, message: 'a valid bearer token is needed' },
    headers: { 'WWW-Authenticate': challenge(metadataUrl, ...details) },
  };
}

/** Of a token that is not valid, or not any more. */
export function invalidToken(metadataUrl: string): Refusal {
  return unauthorized(metadataUrl, 'error="invalid_token"');
}

/** A POST that takes only one of the two kinds of answer. */
export const notAnswerable: Refusal = {
  status: 406,
  failure: {
    code: rpcCodes.invalidRequest,
    message: 'Accept must allow application/json and text/event-stream',
  },
};

/** A GET that takes no stream. */
export const notStreamable: Refusal = {
  status: 406,
  failure: { code: rpcCodes.invalidRequest, message: 'Accept must allow text/event-stream' },
};

export const notJson: Refusal = {
  status: 415,
  failure: { code: rpcCodes.invalidRequest, message: 'Content-Type must be application/json' },
};

export const tooLarge: Refusal = {
  status: 413,
  failure: { code: rpcCodes.invalidRequest, message: 'the body is larger than this server takes' },
};

import type { IncomingHttpHeaders } from 'node:http';
import { fieldOf, type ClientMessage, type ParsedBody } from '../../mcp/body.ts';
import { findValue, membersOf } from '../../mcp/edit.ts';
import { rpcCodes } from '../../mcp/jsonrpc.ts';
import {
  decodeHeader,
  metaKeys,
  modernHeaders,
  modernRevisions,
  nameSource,
} from '../../mcp/modern.ts';
import { mcpHeaders } from '../../mcp/protocol.ts';
import type { Refusal } from '../answer.ts';

type Messages = Extract<ParsedBody, { messages: readonly ClientMessage[] }>;

/**
 * Whether a body belongs to a revision without sessions: by what its `_meta` claims, and where it claims
 * nothing by the header. An `initialize` that claims nothing is of a revision with sessions, where a header
 * that names another is refused.
 */
export function isModern(headers: IncomingHttpHeaders, { messages }: Messages): boolean {
  return messages.some(
    (message) =>
      fieldOf(metaOf(message), metaKeys.revision) !== undefined ||
      (message.envelope.kind !== 'response' &&
        !(message.envelope.kind === 'request' && message.envelope.method === 'initialize') &&
        namesModern(headers)),
  );
}

/** Whether the header alone names such a revision. */
export function namesModern(headers: IncomingHttpHeaders): boolean {
  const revision = headers[mcpHeaders.revision];
  return typeof revision === 'string' && modernRevisions.includes(revision);
}

/** Why a modern message can't be taken: the first of the specification's rules that it breaks. */
export function checkModern(
  headers: IncomingHttpHeaders,
  { messages, isBatch }: Messages,
): Refusal | undefined {
  const [message] = messages;
  if (isBatch || !message || message.envelope.kind === 'response') {
    return refusal(rpcCodes.invalidRequest, 'this revision takes one request per body');
  }
  const { envelope } = message;
  if (envelope.kind !== 'request') return undefined;
  const problem = checkEnvelope(message) ?? checkHeaders(headers, message, envelope.method);
  return problem && { ...problem, idText: envelope.idText };
}

function checkEnvelope(message: ClientMessage): Refusal | undefined {
  const meta = metaOf(message);
  const missing = [metaKeys.revision, metaKeys.capabilities].filter(
    (key) => fieldOf(meta, key) === undefined,
  );
  if (missing.length > 0) {
    return refusal(rpcCodes.invalidParams, `params._meta lacks ${missing.join(' and ')}`);
  }
  const isWrong =
    typeof fieldOf(meta, metaKeys.revision) !== 'string' ||
    !isObject(fieldOf(meta, metaKeys.capabilities)) ||
    hasTwins(message.line);
  return isWrong ? refusal(rpcCodes.invalidParams, 'params._meta is not as it must be') : undefined;
}

function checkHeaders(
  headers: IncomingHttpHeaders,
  message: ClientMessage,
  method: string,
): Refusal | undefined {
  const revision = fieldOf(metaOf(message), metaKeys.revision) as string;
  const named = headers[mcpHeaders.revision];
  if (named !== undefined && named !== revision) return mismatch('MCP-Protocol-Version');
  if (!modernRevisions.includes(revision)) {
    return refusal(rpcCodes.unsupportedRevision, 'this protocol revision is not supported', {
      supported: modernRevisions,
      requested: revision,
    });
  }
  if (named === undefined) return mismatch('MCP-Protocol-Version');
  if (headers[modernHeaders.method] !== method) return mismatch('Mcp-Method');
  const source = nameSource(method);
  const value = source === undefined ? undefined : fieldOf(message.params, source);
  const name = headers[modernHeaders.name];
  if (value === undefined || source === undefined) return undefined;
  const isSame = typeof name === 'string' && decodeHeader(name) === value;
  return isSame ? undefined : mismatch('Mcp-Name');
}

/** Two members of one name are read differently by different parsers, so that a check of one would not hold. */
function hasTwins(line: Buffer): boolean {
  return [['params'], ['params', '_meta']].some((path) => {
    const span = findValue(line, path);
    const names = span && membersOf(line, span)?.map(({ name }) => name);
    return names !== undefined && new Set(names).size < names.length;
  });
}

function metaOf({ params }: ClientMessage): unknown {
  return fieldOf(params, '_meta');
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Refuses a header that does not repeat what the body says. */
export function mismatch(header: string): Refusal {
  return refusal(
    rpcCodes.headerMismatch,
    `the header ${header} is missing or not what the body says`,
  );
}

function refusal(code: number, message: string, data?: unknown): Refusal {
  return { status: 400, failure: { code, message, data } };
}

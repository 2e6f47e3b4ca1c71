import { isUtf8 } from 'node:buffer';
import { readEnvelope, type Envelope } from './envelope.ts';
import { rpcCodes, type RpcFailure } from './jsonrpc.ts';
import { toSingleLine } from './lines.ts';
import { scanArray } from './scan.ts';

/** One message of a client, checked, with the line the server will read. */
export interface ClientMessage {
  readonly envelope: Envelope;
  readonly line: Buffer;
  readonly params: unknown;
}

export type ParsedBody =
  | { readonly messages: readonly ClientMessage[]; readonly isBatch: boolean }
  | { readonly failure: RpcFailure };

/**
 * Reads a request body: valid JSON in valid UTF-8, one JSON-RPC 2.0 message or a non-empty array of
 * them. Each message keeps its bytes; only newlines between tokens are dropped.
 */
export function parseBody(body: Buffer): ParsedBody {
  const value = isUtf8(body) ? parseJson(body) : undefined;
  if (value === undefined) return fail(rpcCodes.parse, 'the body is not valid JSON');
  const json = toSingleLine(body);
  if (!Array.isArray(value)) {
    const message = checkMessage(json, value);
    return message ? { messages: [message], isBatch: false } : notAMessage();
  }
  const messages: ClientMessage[] = [];
  for (const [index, { from, to }] of (scanArray(json) ?? []).entries()) {
    const message = checkMessage(json.subarray(from, to), value[index]);
    if (!message) return notAMessage();
    messages.push(message);
  }
  return messages.length > 0 ? { messages, isBatch: true } : notAMessage();
}

/** Whether one of them begins a session. */
export function isInitialize(messages: readonly ClientMessage[]): boolean {
  return messages.some(
    ({ envelope }) => envelope.kind === 'request' && envelope.method === 'initialize',
  );
}

/** Reads one field of an unknown value; undefined when there is none. */
export function fieldOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Record<string, unknown>)[name];
}

export function parseJson(json: Buffer): unknown {
  try {
    return JSON.parse(json.toString('utf8'));
  } catch {
    return undefined;
  }
}

function checkMessage(line: Buffer, value: unknown): ClientMessage | undefined {
  const envelope = readEnvelope(line);
  if (!envelope || envelope.isAmbiguous || fieldOf(value, 'jsonrpc') !== '2.0') return undefined;
  return { envelope, line, params: fieldOf(value, 'params') };
}

function notAMessage(): ParsedBody {
  return fail(rpcCodes.invalidRequest, 'the body is not a JSON-RPC 2.0 message');
}

function fail(code: number, message: string): ParsedBody {
  return { failure: { code, message } };
}

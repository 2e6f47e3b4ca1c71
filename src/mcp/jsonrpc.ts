/** A request's id as a value: what messages are matched by. Numbers beyond 2^53 match after rounding. */
export type RequestId = string | number;

/** The codes the bridge answers with; -32000 and below belong to the implementation. */
export const rpcCodes = {
  parse: -32700,
  invalidRequest: -32600,
  methodNotFound: -32601,
  invalidParams: -32602,
  internal: -32603,
  /** The server behind the bridge failed. */
  serverFailed: -32000,
  sessionNotFound: -32001,
  timeout: -32001,
  /** A resource that is not there, in the revisions with sessions; later it is `invalidParams`. */
  resourceNotFound: -32002,
  refused: -32003,
  busy: -32004,
  headerMismatch: -32020,
  missingCapability: -32021,
  unsupportedRevision: -32022,
  cancelled: -32800,
} as const;

export interface RpcFailure {
  readonly code: number;
  readonly message: string;
  readonly data?: unknown;
}

/** One error response as a line. `idText` is the request's id as it was written, so that no digit is lost. */
export function formatFailure(idText: string | undefined, failure: RpcFailure): Buffer {
  const { code, message, data } = failure;
  return Buffer.from(
    `{"jsonrpc":"2.0","id":${idText ?? 'null'},"error":${JSON.stringify({ code, message, data })}}`,
  );
}

/** Asks the server to stop working on a request. */
export function formatCancelled(idText: string, reason: string): Buffer {
  return Buffer.from(
    `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":${idText},"reason":${JSON.stringify(reason)}}}`,
  );
}

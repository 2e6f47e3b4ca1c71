/**
 * How a request ended. `refused`: the bridge did not pass it on. `cancelled`: its client cancelled it, or
 * left. `lost`: the server ended before it answered.
 */
export type Outcome = 'ok' | 'error' | 'refused' | 'cancelled' | 'lost';

/**
 * One request of a client, as a line of `audit.jsonl` in the server's log folder. It holds names and
 * shapes, never values of arguments, secrets or tokens.
 */
export interface AuditLine {
  /** ISO 8601 with milliseconds: when it came. */
  readonly time: string;
  readonly requestId: string;
  readonly user: string;
  readonly server: string;
  readonly token: { readonly id: string; readonly subject: string };
  /** A label of the session, not its id; null when there is none. */
  readonly session: string | null;
  readonly method: string;
  /** Name of the tool or prompt, or URI of the resource. */
  readonly target: string | null;
  /** Of the arguments: types in place of values, `{"path": "string"}`. */
  readonly shape: unknown;
  readonly outcome: Outcome;
  /** JSON-RPC error code; for a tool's own error `isError`; null when there is none. */
  readonly code: number | 'isError' | null;
  readonly ms: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** `hash` of the line before, in base64url; the first line of all has 43 `A`s. */
  readonly previous: string;
  /** SHA-256 of the line's text up to and without `,"hash":`, in base64url. */
  readonly hash: string;
}

/** What a line says besides its place in the chain. */
export type AuditRecord = Omit<AuditLine, 'previous' | 'hash'>;

/**
 * Subject of what mcpd itself asks: whether a server is ready. It is in the audit and in no usage. No token of
 * a client has it: theirs are ids of users, or begin with `oidc:`.
 */
export const hostSubject = 'mcpd';

/** Of a body that was refused before it was read. */
export const unreadMethod = 'unread';

const hourMs = 3_600_000;

/** The hour a request counts in, since the epoch: the one it was answered in. */
export function hourOf({ time, ms }: Pick<AuditLine, 'time' | 'ms'>): number {
  return Math.floor((Date.parse(time) + ms) / hourMs);
}

import type { Context } from '../context.ts';
import { merge } from '../observe/merge.ts';
import { selectServers, type Target } from '../observe/selection.ts';
import { logFolder } from '../reconcile/desired.ts';
import type { AuditLine } from '../records/audit-line.ts';
import { auditFiles, currentFile } from '../records/files.ts';
import { openLines } from './lines.ts';

export interface AuditRequest {
  readonly target: Target;
  readonly follow: boolean;
  /** Last records of each server to begin with; undefined: all. */
  readonly tail?: number | undefined;
  /** Milliseconds since the epoch. */
  readonly since?: number | undefined;
  readonly until?: number | undefined;
  readonly method?: string | undefined;
  readonly tool?: string | undefined;
  /** Only what did not end well. */
  readonly failed: boolean;
}

export interface OpenedAudit {
  /** `user/server` of each. */
  readonly keys: readonly string[];
  readonly records: AsyncIterable<AuditLine>;
}

/** What clients asked of a user's servers, in order of time; followed, as it comes. Throws NotFoundError. */
export function openAudit(context: Context, request: AuditRequest): OpenedAudit {
  const selected = selectServers(context.registry, request.target);
  const sources = selected.map(({ user, server }) =>
    serverRecords(logFolder(context.home, user.id, server.id), request, context.signal),
  );
  const order = request.follow ? undefined : byTime;
  return { keys: selected.map(({ key }) => key), records: merge(sources, order) };
}

async function* serverRecords(
  folder: string,
  request: AuditRequest,
  signal: AbortSignal,
): AsyncGenerator<AuditLine> {
  await using lines = await openLines(folder, { select: auditFiles, current: currentFile });
  yield* lastOf(matching(lines.past(), request), request.tail);
  if (request.follow) yield* matching(lines.news(signal), request);
}

async function* matching(
  lines: AsyncIterable<string>,
  request: AuditRequest,
): AsyncGenerator<AuditLine> {
  for await (const line of lines) {
    const record = parse(line);
    if (record && matches(record, request)) yield record;
  }
}

function matches(record: AuditLine, request: AuditRequest): boolean {
  const { since, until, method, tool, failed } = request;
  const at = Date.parse(record.time);
  return (
    (since === undefined || at >= since) &&
    (until === undefined || at < until) &&
    (method === undefined || record.method === method) &&
    (tool === undefined || (record.method === 'tools/call' && record.target === tool)) &&
    (!failed || record.outcome !== 'ok')
  );
}

async function* lastOf(
  records: AsyncIterable<AuditLine>,
  most: number | undefined,
): AsyncGenerator<AuditLine> {
  if (most === undefined) return yield* records;
  let last: AuditLine[] = [];
  for await (const record of records) {
    last.push(record);
    if (last.length > 2 * most + 64) last = last.slice(-most);
  }
  if (most > 0) yield* last.slice(-most);
}

/** Undefined for a line that is none; `verify` tells of it. */
function parse(line: string): AuditLine | undefined {
  try {
    return JSON.parse(line) as AuditLine;
  } catch {
    return undefined;
  }
}

function byTime(a: AuditLine, b: AuditLine): number {
  return a.time < b.time ? -1 : a.time > b.time ? 1 : 0;
}

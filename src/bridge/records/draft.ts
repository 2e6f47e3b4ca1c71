import type { AuditRecord } from '../../records/audit-line.ts';

type Opening = Pick<
  AuditRecord,
  'time' | 'requestId' | 'user' | 'server' | 'token' | 'method' | 'target' | 'shape' | 'bytesIn'
>;
type Ending = Pick<AuditRecord, 'session' | 'outcome' | 'code' | 'ms' | 'bytesOut'>;

/** A record and its JSON, all but the brace that closes it. */
export interface AuditEntry {
  readonly record: AuditRecord;
  readonly text: string;
}

/** A record of which everything is written that is known before its request is answered. */
export interface Draft {
  readonly opening: Opening;
  readonly before: string;
  readonly behind: string;
}

/** Most of a record's text: a server is at work meanwhile, whose answer then waits for the rest only. */
export function beginDraft(opening: Opening): Draft {
  const { time, requestId, user, server, token, method, target, shape } = opening;
  return {
    opening,
    before: JSON.stringify({ time, requestId, user, server, token }).slice(0, -1),
    behind: JSON.stringify({ method, target, shape }).slice(1, -1),
  };
}

export function endDraft({ opening, before, behind }: Draft, ending: Ending): AuditEntry {
  const { session, outcome, code, ms, bytesOut } = ending;
  const asked = `${before},"session":${JSON.stringify(session)},${behind}`;
  const answered = `"outcome":"${outcome}","code":${JSON.stringify(code)},"ms":${ms}`;
  const bytes = `"bytesIn":${opening.bytesIn},"bytesOut":${bytesOut}`;
  return { record: { ...opening, ...ending }, text: `${asked},${answered},${bytes}` };
}

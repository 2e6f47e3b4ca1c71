import type { Context } from '../context.ts';
import { UsageError } from '../errors.ts';
import { selectServers, type Target } from '../observe/selection.ts';
import { logFolder } from '../reconcile/desired.ts';
import type { User } from '../registry/rows.ts';
import { storageUsages } from '../storage/usage.ts';
import { figuresOf } from './figures.ts';
import { UsageReader, type Period } from './read.ts';
import type { By, ReportResult } from './result.ts';
import { rowsOf, timeRows, type SortKey } from './rows.ts';
import { storageOfAll, type Storage } from './storage.ts';
import { Tally } from './tally.ts';

export interface ReportRequest {
  /** Undefined: all users. */
  readonly target: Target | undefined;
  /** Milliseconds since the epoch; the whole hours that they lie in are reported on. */
  readonly since: number;
  readonly until: number;
  readonly by: By;
  readonly sort?: SortKey | undefined;
  /** With what a page draws. */
  readonly plots: boolean;
  /** Counts the files of workspaces that are plain folders too; of one user that is done anyway. */
  readonly measure: boolean;
}

/**
 * Adds up what servers have recorded. Throws NotFoundError for a target that is not there, UsageError for an
 * empty period.
 */
export async function makeReport(context: Context, request: ReportRequest): Promise<ReportResult> {
  const { target, by, sort, plots } = request;
  const period = toPeriod(request);
  requireKnown(by, sort);
  const tally = new Tally();
  const reader = new UsageReader(tally, { period, tools: plots || by === 'tool' });
  const selected = selectServers(context.registry, target);
  for (const { user, server, key } of selected) {
    reader.read(key, logFolder(context.home, user.id, server.id));
  }
  const storage = await storageIn(context, request, selected);
  return {
    since: toTime(period.from),
    until: new Date(
      Math.min(period.until * hourMs, Math.max(request.until, request.since)),
    ).toISOString(),
    target: target ? [target.user, target.server].filter((part) => part).join('/') : null,
    by,
    total: { ...figuresOf(tally.total), ...storageOfAll(storage) },
    rows: rowsOf(tally, { by, sort, storage }),
    plots: plots ? plotsOf(tally, period) : null,
  };
}

function requireKnown(by: By, sort: SortKey | undefined): void {
  if (by === 'tool' && sort === 'cpu') {
    throw new UsageError('CPU time is known by server, not by tool.', {
      code: 'NOT_BY_TOOL',
      suggestions: ['mcpd report --by server --sort cpu'],
    });
  }
  if (by !== 'user' && sort === 'storage') {
    throw new UsageError('A workspace is its user’s: rows can be ranked by storage with --all.', {
      code: 'NOT_BY_USER',
      suggestions: ['mcpd report --all --sort storage'],
    });
  }
}

/** Of one server nothing: the workspace is for all of a user's. */
function storageIn(
  context: Context,
  { target, measure }: ReportRequest,
  selected: readonly { user: User }[],
): Promise<Storage> {
  if (target?.server !== undefined) return Promise.resolve(new Map());
  const users = new Map(selected.map(({ user }) => [user.id, user]));
  return storageUsages(context, [...users.values()], { measure: measure || target !== undefined });
}

function toPeriod({ since, until }: ReportRequest): Period {
  const period = { from: Math.floor(since / hourMs), until: Math.ceil(until / hourMs) };
  if (period.from < period.until) return period;
  throw new UsageError('The report would end before it begins.', {
    code: 'EMPTY_PERIOD',
    suggestions: ['Choose an earlier --since or a later --until.'],
  });
}

const mostPlotted = 12;

function plotsOf(tally: Tally, period: Period): ReportResult['plots'] {
  const most = (by: By) => rowsOf(tally, { by, sort: 'calls' }).slice(0, mostPlotted);
  return {
    ...timeRows(tally, period),
    tools: most('tool'),
    users: most('user'),
    servers: most('server'),
  };
}

const hourMs = 3_600_000;

function toTime(hour: number): string {
  return new Date(hour * hourMs).toISOString();
}

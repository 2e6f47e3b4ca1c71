import { setTimeout as delay } from 'node:timers/promises';
import * as z from 'zod';
import type { Context } from '../context.ts';
import type { Engine, LogOptions } from '../engine/engine.ts';
import { containersByServer, type ObservedServer } from '../reconcile/observed.ts';
import { listServers } from '../registry/servers.ts';
import { compareTimes, logLines, type LogLine } from './log-lines.ts';
import { merge } from './merge.ts';
import { selectServers, type Selected, type Target } from './selection.ts';

/** One line, as `--json` writes it. */
export const logLineResult = z.object({
  server: z.string().describe('user/server'),
  time: z.string().describe('RFC 3339, when the engine got the line'),
  stream: z.enum(['stdout', 'stderr']),
  line: z.string(),
});

export type ServerLogLine = z.infer<typeof logLineResult>;

export interface LogsRequest {
  readonly target: Target;
  readonly follow: boolean;
  /** Last lines of each server to begin with; undefined: all. */
  readonly tail?: number;
  /** Milliseconds since the epoch. */
  readonly since?: number;
}

export interface Logs {
  /** `user/server` of each that has a container. */
  readonly keys: readonly string[];
  readonly lines: AsyncIterable<ServerLogLine>;
}

/**
 * The log lines of a user's servers. What was logged before comes in order of time; what is followed,
 * as it comes, through restarts and replacements of the containers. The consumer's pace is the engine's.
 */
export async function openLogs(context: Context, request: LogsRequest): Promise<Logs> {
  const selected = selectServers(context.registry, request.target);
  const engine = await context.engine();
  const containers = await findContainers(context, engine, selected);
  const present = selected.filter(({ server }) => containers.has(server.id));
  for (const { key, server } of selected) {
    if (!containers.has(server.id)) context.progress.notice(`${key} has no container and no log.`);
  }
  const sources = present.map((one) =>
    serverLines({ context, engine, request, one }, containers.get(one.server.id)),
  );
  const order = request.follow ? undefined : byTime;
  return { keys: present.map(({ key }) => key), lines: merge(sources, order) };
}

interface Source {
  readonly context: Context;
  readonly engine: Engine;
  readonly request: LogsRequest;
  readonly one: Selected;
}

async function* serverLines(
  source: Source,
  first: ObservedServer | undefined,
): AsyncGenerator<ServerLogLine> {
  const { context, engine, request, one } = source;
  let last = '';
  let container = first;
  for (let options = firstOptions(source); container; options = laterOptions(source, last)) {
    for await (const line of logLines(engine.logs(container.containerId, options))) {
      // The engine's `since` is less exact than its times.
      if (options.tail === undefined && isOld(line, last)) continue;
      last = line.time || last;
      yield { server: one.key, time: line.time, stream: line.stream, line: line.line };
    }
    if (!request.follow || context.signal.aborted) return;
    container = await nextContainer(source);
  }
}

function isOld({ time }: LogLine, last: string): boolean {
  return last !== '' && time !== '' && compareTimes(time, last) <= 0;
}

function firstOptions({ context, request }: Source): LogOptions {
  const { follow, tail, since } = request;
  return {
    follow,
    timestamps: true,
    signal: context.signal,
    ...(tail === undefined ? {} : { tail }),
    ...(since === undefined ? {} : { since: since / 1000 }),
  };
}

function laterOptions({ context }: Source, last: string): LogOptions {
  const since = Date.parse(last) / 1000;
  const { signal } = context;
  return { follow: true, timestamps: true, signal, ...(since > 0 ? { since } : {}) };
}

const pollMs = 300;
const patienceMs = 10_000;

/**
 * The engine ends a followed log with its container; this is the container that runs next, if one does
 * soon: a server that should run is being restarted, replaced, or tries again.
 */
async function nextContainer(source: Source): Promise<ObservedServer | undefined> {
  const { context, engine, one } = source;
  const until = context.clock.now() + patienceMs;
  while (shouldRun(source) && context.clock.now() < until) {
    const found = (await findContainers(context, engine, [one])).get(one.server.id);
    if (found?.state === 'running') return found;
    await delay(pollMs, undefined, { signal: context.signal });
  }
  return undefined;
}

function shouldRun({ context, one: { user, server } }: Source): boolean {
  const current = listServers(context.registry, user.id).find(({ id }) => id === server.id);
  return current?.desired === 'running';
}

async function findContainers(
  { registry }: Context,
  engine: Engine,
  selected: readonly Selected[],
): Promise<ReadonlyMap<string, ObservedServer>> {
  const userId = selected[0]?.user.id;
  if (userId === undefined) return new Map();
  const { servers } = await engine.observe({ instance: registry.instance, userId });
  return containersByServer(servers);
}

function byTime(a: ServerLogLine, b: ServerLogLine): number {
  return compareTimes(a.time, b.time);
}

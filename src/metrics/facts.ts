import type { Context } from '../context.ts';
import type { Sample } from '../engine/engine.ts';
import { EngineError, EngineUnreachableError } from '../errors.ts';
import { selectServers } from '../observe/selection.ts';
import { containersByServer, type ObservedServer } from '../reconcile/observed.ts';
import { logFolder } from '../reconcile/desired.ts';
import type { ServerUsage, UsageHistory } from './history.ts';

/** What there is to say about one home at one moment. */
export interface Facts {
  readonly version: string;
  readonly engineUp: boolean;
  readonly users: number;
  readonly servers: readonly ServerFacts[];
}

export interface ServerFacts {
  readonly user: string;
  readonly server: string;
  readonly usage: ServerUsage;
  /** Undefined: it has none, or the engine doesn't answer. */
  readonly container: ContainerFacts | undefined;
}

export interface ContainerFacts {
  readonly running: boolean;
  readonly restarts: number;
  readonly memoryCapBytes: number;
  /** Undefined when it does not run. */
  readonly sample: Omit<Sample, 'cpuPercent'> | undefined;
}

/** Reads the records and asks the engine. An engine that doesn't answer is a fact, not an error. */
export async function gatherFacts(
  context: Context,
  { history, version }: { history: UsageHistory; version: string },
): Promise<Facts> {
  const selected = selectServers(context.registry, undefined);
  const containers = await observeContainers(context);
  const servers = selected.map(async ({ user, server }) => {
    const observed = containers?.get(server.id);
    return {
      user: user.name,
      server: server.name,
      usage: history.read(server.id, logFolder(context.home, user.id, server.id)),
      container: observed && (await containerFacts(context, observed)),
    };
  });
  return {
    version,
    engineUp: containers !== undefined,
    users: new Set(selected.map(({ user }) => user.id)).size,
    servers: await Promise.all(servers),
  };
}

/** By server id; undefined when no engine answers. */
async function observeContainers(
  context: Context,
): Promise<ReadonlyMap<string, ObservedServer> | undefined> {
  try {
    const engine = await context.engine();
    const { servers } = await engine.observe({ instance: context.registry.instance });
    return containersByServer(servers);
  } catch (error) {
    if (isNoAnswer(error)) return undefined;
    throw error;
  }
}

async function containerFacts(
  context: Context,
  { containerId, state, restarts, limits }: ObservedServer,
): Promise<ContainerFacts> {
  const running = state === 'running';
  const sample = running ? await takeSample(context, containerId) : undefined;
  return { running, restarts, memoryCapBytes: limits.memoryBytes, sample };
}

/** Undefined also when the engine can't tell of this container: the others are still worth a scrape. */
async function takeSample(context: Context, containerId: string): Promise<Sample | undefined> {
  try {
    const engine = await context.engine();
    return await engine.stats(containerId, { atOnce: true });
  } catch (error) {
    if (isNoAnswer(error)) return undefined;
    throw error;
  }
}

function isNoAnswer(error: unknown): boolean {
  return error instanceof EngineUnreachableError || error instanceof EngineError;
}

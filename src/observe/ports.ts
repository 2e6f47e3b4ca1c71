import * as z from 'zod';
import type { Context } from '../context.ts';
import { portHolders, readListeners, type Holder } from '../host/sockets.ts';
import { containersByServer, type ObservedServer } from '../reconcile/observed.ts';
import { listPorts, type PortRow } from '../registry/ports.ts';
import { listServers } from '../registry/servers.ts';
import { lookAtEngine } from './look.ts';

export const portsResult = z.object({
  range: z.object({ start: z.int(), end: z.int() }),
  stale: z.boolean().describe('true when the engine did not answer: held ports may be its own'),
  ports: z.array(
    z.object({
      port: z.int(),
      user: z.string().nullable(),
      server: z.string().nullable(),
      state: z
        .enum(['held', 'reserved', 'blocked', 'quarantined', 'foreign'])
        .describe(
          'held: a server has it; reserved: free within a user’s block; blocked: a foreign program was found on it; quarantined: a removed user had it; foreign: nobody of mcpd has it, yet somebody listens',
        ),
      holder: z
        .object({
          kind: z.enum(['container', 'process']),
          name: z.string(),
          pid: z.int().nullable().describe('null when this user may not see it'),
        })
        .nullable()
        .describe('who listens now'),
      conflict: z.boolean().describe('a server has the port and somebody else listens on it'),
    }),
  ),
});

export type PortsResult = z.infer<typeof portsResult>;
type Row = PortsResult['ports'][number];

/** The ports of the range that are in use, or every one that is in somebody's name. */
export async function showPorts(context: Context, { all }: { all: boolean }): Promise<PortsResult> {
  const { config, registry } = context;
  const { start, end } = config.ports;
  const rows = listPorts(registry);
  const known = new Set(rows.map(({ port }) => port));
  const isWanted = (port: number) => (port >= start && port <= end) || known.has(port);
  const [{ observed, stale }, holders] = await Promise.all([
    lookAtEngine(context),
    portHolders(isWanted),
  ]);
  const listening = new Set(
    (await readListeners()).flatMap(({ port }) => (isWanted(port) ? [port] : [])),
  );
  const containers = containersByServer(observed.servers);
  const byPort = new Map(
    listServers(registry).map((server) => [server.port, containers.get(server.id)]),
  );
  const ports = describePorts({ rows, listening, holders, byPort, stale });
  return {
    range: { start, end },
    stale,
    ports: all ? ports : ports.filter(({ state, holder }) => isInUse(state, holder)),
  };
}

function isInUse(state: Row['state'], holder: Row['holder']): boolean {
  return holder !== null || state === 'held' || state === 'blocked';
}

export interface PortFacts {
  readonly rows: readonly PortRow[];
  /** Ports that somebody listens on. */
  readonly listening: ReadonlySet<number>;
  /** Those whose process is visible. */
  readonly holders: ReadonlyMap<number, Holder>;
  /** Container of the server that has a port. */
  readonly byPort: ReadonlyMap<number, ObservedServer | undefined>;
  readonly stale: boolean;
}

/** Puts the registry's ports and this host's listeners together. Pure. */
export function describePorts(facts: PortFacts): Row[] {
  const rows = facts.rows.map((row): Row => {
    const holder = holderOf(row.port, facts);
    const isForeign = holder?.kind === 'process';
    return { ...row, holder, conflict: row.server !== null && isForeign };
  });
  const known = new Set(facts.rows.map(({ port }) => port));
  const foreign = [...facts.listening]
    .filter((port) => !known.has(port))
    .map((port): Row => ({
      port,
      user: null,
      server: null,
      state: 'foreign',
      holder: holderOf(port, facts),
      conflict: false,
    }));
  return [...rows, ...foreign].toSorted((a, b) => a.port - b.port);
}

// The engine itself listens for its containers, directly or through a proxy of its own.
const engineProcesses = new Set(['docker-proxy', 'dockerd', 'rootlessport', 'rootlesskit']);

function holderOf(port: number, facts: PortFacts): Row['holder'] {
  if (!facts.listening.has(port)) return null;
  const process = facts.holders.get(port);
  const container = facts.byPort.get(port);
  const mayBeEngine = process === undefined || engineProcesses.has(process.name);
  if (mayBeEngine && container?.state === 'running') {
    return { kind: 'container', name: container.containerName, pid: process?.pid ?? null };
  }
  // Without an engine to ask, its own processes get the benefit of the doubt.
  if (mayBeEngine && facts.stale && facts.byPort.has(port)) {
    return { kind: 'container', name: 'unknown', pid: process?.pid ?? null };
  }
  return { kind: 'process', name: process?.name ?? 'unknown', pid: process?.pid ?? null };
}

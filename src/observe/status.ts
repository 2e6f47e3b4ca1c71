import * as z from 'zod';
import type { Context } from '../context.ts';
import { handshake } from '../ready/handshake.ts';
import { serverUrl } from '../reconcile/bridge-config.ts';
import { containersByServer, type ObservedServer } from '../reconcile/observed.ts';
import { serverStates } from '../server/result.ts';
import { probeToken } from '../tokens/issue.ts';
import { lookAtServers } from './look.ts';
import { selectServers, type Selected, type Target } from './selection.ts';

export const statusResult = z.object({
  stale: z.boolean().describe('true when the engine did not answer: what runs is unknown'),
  servers: z.array(
    z.object({
      user: z.string(),
      server: z.string(),
      template: z.string(),
      port: z.int(),
      url: z.url(),
      wanted: z.enum(['running', 'stopped']).describe('what was asked for'),
      state: z.enum(serverStates).describe('of the container; absent: there is none'),
      ready: z
        .boolean()
        .nullable()
        .describe('it answered an MCP handshake; null: it runs and was not asked, see --probe'),
      reason: z.string().nullable().describe('why a probed server is not ready'),
      uptimeSeconds: z.int().nullable(),
      restarts: z.int(),
      oomKilled: z.boolean().describe('the container was last ended for lack of memory'),
      exitCode: z.int().nullable().describe('of the last run, when it has ended'),
    }),
  ),
});

export type StatusResult = z.infer<typeof statusResult>;
type Row = StatusResult['servers'][number];

interface Request {
  readonly target: Target | undefined;
  /** Ask each running server for an MCP handshake. */
  readonly probe: boolean;
}

/** How servers are now. Without an engine: what the registry knows, marked stale. Throws NotFoundError. */
export async function showStatus(
  context: Context,
  { target, probe }: Request,
): Promise<StatusResult> {
  const selected = selectServers(context.registry, target);
  const { observed, stale } = await lookAtServers(context, target, selected);
  const containers = containersByServer(observed.servers);
  const servers = await Promise.all(
    selected.map(async (one): Promise<Row> => {
      const container = containers.get(one.server.id);
      const isUp = stale || container?.state === 'running';
      const answer = probe && isUp ? await ask(context, one) : undefined;
      return {
        ...describe(one, { context, container, stale }),
        ready: answer ? answer.state === 'ready' : isUp ? null : false,
        reason: answer?.state === 'waiting' ? answer.reason : null,
      };
    }),
  );
  return { stale, servers };
}

interface Facts {
  readonly context: Pick<Context, 'config' | 'clock'>;
  readonly container: ObservedServer | undefined;
  readonly stale: boolean;
}

function describe(
  { user, server }: Selected,
  { context, container, stale }: Facts,
): Omit<Row, 'ready' | 'reason'> {
  const isRunning = container?.state === 'running';
  const hasEnded = container?.state === 'exited' || container?.state === 'dead';
  const startedAt = Date.parse(container?.startedAt ?? '');
  const uptimeMs = context.clock.now() - startedAt;
  return {
    user: user.name,
    server: server.name,
    template: server.template,
    port: server.port,
    url: serverUrl(context.config, server.port),
    wanted: user.down ? 'stopped' : server.desired,
    state: container?.state ?? (stale ? 'unknown' : 'absent'),
    uptimeSeconds: isRunning ? Math.max(0, Math.round(uptimeMs / 1000)) : null,
    restarts: container?.restarts ?? 0,
    oomKilled: container?.oomKilled ?? false,
    exitCode: hasEnded ? (container?.exitCode ?? null) : null,
  };
}

async function ask(context: Context, { user, server }: Selected) {
  const token = await probeToken(context, { user, server });
  const endpoint = { host: context.config.bindAddress, port: server.port, token };
  return handshake(endpoint, context.signal);
}

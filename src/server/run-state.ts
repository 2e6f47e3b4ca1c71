import type * as z from 'zod';
import { admitted } from '../admission/admit.ts';
import type { Context } from '../context.ts';
import { UnhealthyError } from '../errors.ts';
import { converge, type Converged, type ConvergeOptions } from '../reconcile/converge.ts';
import type { Server, User } from '../registry/rows.ts';
import { setDesired } from '../registry/servers.ts';
import { describeUserAndServers } from '../user/describe.ts';
import { withNamedUser } from '../user/lease.ts';
import { requireUp, targetServers } from './target.ts';
import type { runStateResult } from './result.ts';

interface RunStateRequest {
  /** Server undefined: all of the user's. */
  readonly target: { readonly user: string; readonly server: string | undefined };
  readonly verb: 'start' | 'stop' | 'restart';
  readonly timeoutMs: number;
}

/** Starts, stops or restarts one server or all of a user's. Starting what runs changes nothing. */
export async function setRunState(
  context: Context,
  { target, verb, timeoutMs }: RunStateRequest,
): Promise<z.infer<typeof runStateResult>> {
  const { registry } = context;
  targetServers(registry, target);
  return withNamedUser(context, { name: target.user }, async (user) => {
    requireUp(user);
    const servers = targetServers(registry, target);
    await context.engine();
    const desired = verb === 'stop' ? 'stopped' : 'running';
    const isNews = servers.some((server) => server.desired !== desired);
    const change = () => {
      for (const { id } of servers) setDesired(registry, id, desired);
    };
    if (isNews) await admitted(context, { change });
    const keys = servers.map(({ name }) => `${user.name}/${name}`);
    const converged = await convergeOrRevert(context, user, servers, {
      waitMs: verb === 'stop' ? undefined : timeoutMs,
      ...(verb === 'restart' ? { restart: new Set(keys) } : {}),
    });
    const described = describeUserAndServers(context, user.id, converged);
    const names = new Set(servers.map(({ name }) => name));
    return {
      changed: converged.changed,
      user: user.name,
      servers: described.servers.filter(({ name }) => names.has(name)),
    };
  });
}

// One that won't get ready runs, as was asked. After other failures what was wanted before still is.
async function convergeOrRevert(
  context: Context,
  user: User,
  servers: readonly Server[],
  options: ConvergeOptions,
): Promise<Converged> {
  try {
    return await converge(context, user.id, options);
  } catch (error) {
    if (!(error instanceof UnhealthyError)) {
      for (const { id, desired } of servers) setDesired(context.registry, id, desired);
    }
    throw error;
  }
}

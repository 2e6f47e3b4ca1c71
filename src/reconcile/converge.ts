import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Context } from '../context.ts';
import type { Engine } from '../engine/engine.ts';
import { MadeMeanwhileError, PortTakenError, SubnetTakenError } from '../engine/faults.ts';
import { bridgeName } from '../firewall/bridge.ts';
import { isPromise, protectTenant, unprotectTenant } from '../firewall/protect.ts';
import { egressOf } from '../policy/of-user.ts';
import type { Server, User } from '../registry/rows.ts';
import { listServers, settle } from '../registry/servers.ts';
import { getUserById } from '../registry/users.ts';
import { probeServers } from '../ready/servers.ts';
import { makeFirstWorkspace } from '../storage/make.ts';
import { releaseVolume, settleVolume } from '../storage/settle.ts';
import { dematerialise } from '../secrets/materialise.ts';
import { isWanted, networkSpec, runtimeFolder, userFolder } from './desired.ts';
import { takeAnotherPort, takeAnotherSubnet } from './clash.ts';
import { prepareServers } from './prepare.ts';
import { act, isCommit, prove } from './prove.ts';
import type { Operation } from './plan.ts';
import { planUser } from './plan-user.ts';
import { unnoted, type Observed } from './observed.ts';
import { firstOperation } from './reconcile.ts';
import { toRow, toRows, type Row } from './rows.ts';

export interface ConvergeOptions {
  /** How long to wait for readiness; undefined: don't. */
  readonly waitMs: number | undefined;
  /** Keys of servers to restart. */
  readonly restart?: ReadonlySet<string>;
  /** Keys of servers to move to the newest version of their template. */
  readonly newest?: ReadonlySet<string>;
  /** The user was registered just now, so the engine has nothing of them yet. */
  readonly isNew?: boolean;
}

export interface Converged {
  readonly changed: boolean;
  readonly operations: readonly Row[];
  /** Servers that answered an MCP handshake, by id. */
  readonly ready: ReadonlySet<string>;
  /** What the engine has now; looked at while servers get ready. */
  readonly observed: Observed;
}

const mostClashes = 5;
const nothing: Observed = { networks: [], servers: [] };

/**
 * Brings one user's objects to what the registry says: observe, plan, act, wait. The caller holds
 * the user's lease. Throws PortTakenError, UnhealthyError and what the engine throws.
 */
export async function converge(
  context: Context,
  userId: string,
  options: ConvergeOptions,
): Promise<Converged> {
  const engine = await context.engine();
  for (let clashes = 0; ; clashes += 1) {
    try {
      const isNew = options.isNew === true && clashes === 0;
      return await convergeOnce(context, engine, userId, { ...options, isNew });
    } catch (error) {
      if (clashes === mostClashes) throw error;
      if (error instanceof PortTakenError) await takeAnotherPort(context, userId, error);
      else if (error instanceof SubnetTakenError)
        await takeAnotherSubnet(context, engine, userId, error);
      // What was made meanwhile is seen by the next look.
      else if (!(error instanceof MadeMeanwhileError)) throw error;
    }
  }
}

async function convergeOnce(
  context: Context,
  engine: Engine,
  userId: string,
  options: ConvergeOptions,
): Promise<Converged> {
  const user = getUserById(context.registry, userId);
  const servers = listServers(context.registry, userId);
  const wanted = isWanted(user, context.clock.now());
  const scope = { instance: context.registry.instance, userId };
  let observed = options.isNew ? nothing : await engine.observe(scope);
  for (const { id } of unnoted(servers, observed)) settle(context.registry, id);
  const begun = wanted ? beginNetwork(context, engine, user, observed) : undefined;
  const settled = begun?.catch(() => undefined);
  // Sent before anything else keeps the processor busy.
  if (begun) await nextTurn();
  const running = servers.filter((server) => wanted && server.desired === 'running');
  const awaited = options.waitMs === undefined ? [] : running;
  // The rules come before the plan: a container never runs without them.
  const stopping = stopServers(engine, observed);
  const preparing = (async () => {
    if (wanted) makeFirstWorkspace(user, servers);
    // Files first, and alone: nothing may undo them while they move.
    const moved = wanted ? await settleVolume(context, user, stopping) : [];
    const prepared = await Promise.all([
      wanted ? prepareServers(context, engine, { user, servers, newest: options.newest }) : [],
      probeServers(context, user, awaited),
      wanted ? protect(context, user, options.isNew) : undefined,
    ]);
    return [moved, ...prepared] as const;
  })();
  const [moved, inputs, probed, unprotected] = await preparing.catch(async (error: unknown) => {
    // Whoever undoes what was done must find the network whole.
    await settled;
    throw error;
  });
  if (stopping.stopped.length > 0) observed = await engine.observe(scope);
  const plan = planUser(context, { user, inputs, observed, restart: options.restart });
  const { operations: planned } = plan;
  const timeoutMs = options.waitMs ?? 0;
  const work = { user, servers, operations: planned, begun, inputs, probed, timeoutMs };
  await act(context, engine, work);
  if (!wanted) await forget(context, engine, { user, servers });
  const before = observed;
  const look = async () =>
    !wanted ? nothing : planned.length > 0 ? engine.observe(scope) : before;
  const proving = prove(context, engine, work);
  // What is proven changes once more.
  const [ready, after] = planned.some(isCommit)
    ? [await proving, await look()]
    : await Promise.all([proving, look()]);
  const done = toRows({ user: user.name, observed, moved, unprotected, inputs, plan });
  const operations = [...stopping.stopped.map((stop) => toRow(stop)), ...done];
  return {
    changed: operations.length > 0,
    operations,
    ready,
    observed: after,
  };
}

/** Stops what runs, at most once, and says what it stopped: containers see no mount made after their start. */
function stopServers(engine: Engine, observed: Observed) {
  const stopped: Operation[] = [];
  let stopping: Promise<void> | undefined;
  const stopAll = async () => {
    const running = observed.servers.filter(({ state }) =>
      ['running', 'restarting', 'paused'].includes(state),
    );
    for (const { user, server, containerId } of running) {
      const key = `${user}/${server}`;
      const cause = 'its workspace is mounted anew';
      const stop: Operation = { type: 'server.stop', key, containerId, cause };
      await engine.apply(stop);
      stopped.push(stop);
    }
  };
  return { stopped, stop: () => (stopping ??= stopAll()) };
}

/** Nothing takes an engine longer to make than a network, and nothing else is needed for it. */
function beginNetwork(
  { home, registry: { instance } }: Context,
  engine: Engine,
  user: User,
  observed: Observed,
): Promise<void> | undefined {
  const first = firstOperation(networkSpec({ user, home, instance }), observed);
  return first && engine.apply(first);
}

/** Gives what was not in force before. */
async function protect(context: Context, user: User, isNew = false): Promise<string | undefined> {
  const { name, subnet } = user;
  const egress = egressOf(context.config, user);
  const { unresolved, mended } = await protectTenant(context, {
    isNew,
    bridge: bridgeName(subnet),
    egress,
    explicit: isPromise(egress),
  });
  for (const target of unresolved) {
    context.progress.notice(
      `${target}, allowed to ${name}, has no address now: it stays unreachable.`,
    );
  }
  return mended;
}

// Neither secrets nor rules nor mounts stay behind for what doesn't run.
async function forget(
  context: Context,
  engine: Engine,
  { user, servers }: { readonly user: User; readonly servers: readonly Server[] },
): Promise<void> {
  const bridge = bridgeName(user.subnet);
  // Another home may have the subnet by now: the rules are its user's then.
  const isTaken = (await engine.subnets()).some((subnet) => bridgeName(subnet) === bridge);
  if (!isTaken) await unprotectTenant(context, bridge);
  await releaseVolume(context, user);
  for (const { id } of servers) {
    dematerialise(runtimeFolder(context.home, context.registry.instance, id));
  }
  dematerialise(userFolder(context.home, context.registry.instance, user.id));
}

import type { Context } from '../context.ts';
import type { Engine } from '../engine/engine.ts';
import { PortTakenError, SubnetTakenError } from '../engine/faults.ts';
import { bridgeName } from '../firewall/bridge.ts';
import { protectTenant, unprotectTenant } from '../firewall/protect.ts';
import type { Server, User } from '../registry/rows.ts';
import { listServers, settle } from '../registry/servers.ts';
import { getUserById } from '../registry/users.ts';
import { awaitServers } from '../ready/servers.ts';
import { dematerialise } from '../secrets/materialise.ts';
import { isWanted, runtimeFolder } from './desired.ts';
import { takeAnotherPort, takeAnotherSubnet } from './clash.ts';
import { prepareServers } from './prepare.ts';
import { subject, type Operation, type Plan } from './plan.ts';
import { planUser } from './plan-user.ts';

export interface ConvergeOptions {
  /** How long to wait for readiness; undefined: don't. */
  readonly waitMs: number | undefined;
  /** Keys of servers to restart. */
  readonly restart?: ReadonlySet<string>;
}

export interface Converged {
  readonly changed: boolean;
  readonly operations: readonly { type: Operation['type']; subject: string; cause: string }[];
  /** Servers that answered an MCP handshake, by id. */
  readonly ready: ReadonlySet<string>;
}

const mostClashes = 5;

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
      return await convergeOnce(context, engine, userId, options);
    } catch (error) {
      if (clashes === mostClashes) throw error;
      if (error instanceof PortTakenError) await takeAnotherPort(context, userId, error);
      else if (error instanceof SubnetTakenError)
        await takeAnotherSubnet(context, engine, userId, error);
      else throw error;
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
  // The rules come before the plan: a container never runs without them.
  const [inputs] = wanted
    ? await Promise.all([prepareServers(context, engine, user, servers), protect(context, user)])
    : [[]];
  const plan = await planUser(context, engine, { user, inputs, restart: options.restart });
  await carryOut(context, engine, { user, servers, plan });
  if (!wanted) await forget(context, user, servers);

  const ready = await readyServers(context, engine, { user, servers, wanted, options });
  return {
    changed: plan.operations.length > 0,
    operations: plan.operations.map((operation) => ({
      type: operation.type,
      subject: subject(operation),
      cause: operation.cause,
    })),
    ready,
  };
}

async function protect(context: Context, { name, subnet, egress }: User): Promise<void> {
  const { unresolved } = await protectTenant(context, {
    bridge: bridgeName(subnet),
    egress,
    // Profiles narrower than the default are promises; without a firewall they fail.
    explicit: egress.profile === 'none' || egress.profile === 'allow',
  });
  for (const target of unresolved) {
    context.progress.notice(
      `${target}, allowed to ${name}, has no address now: it stays unreachable.`,
    );
  }
}

interface Work {
  readonly user: User;
  readonly servers: readonly Server[];
  readonly plan: Plan;
}

async function carryOut(context: Context, engine: Engine, { user, servers, plan }: Work) {
  const { progress, signal, registry } = context;
  const byKey = new Map(servers.map((server) => [`${user.name}/${server.name}`, server]));
  await progress.steps(
    plan.operations.map((operation) => ({
      title: `${operation.type} ${subject(operation)}`,
      run: async (update) => {
        signal.throwIfAborted();
        update(operation.cause);
        await engine.apply(operation);
        // The engine has bound the port: from now on it is this server's address.
        const started = operation.type === 'server.start' ? byKey.get(operation.key) : undefined;
        if (started) settle(registry, started.id);
      },
    })),
  );
}

// Neither secrets nor rules stay behind for what doesn't run.
async function forget(context: Context, user: User, servers: readonly Server[]): Promise<void> {
  await unprotectTenant(context, bridgeName(user.subnet));
  for (const { id } of servers) {
    dematerialise(runtimeFolder(context.home, context.registry.instance, id));
  }
}

interface ReadyInput {
  readonly user: User;
  readonly servers: readonly Server[];
  readonly wanted: boolean;
  readonly options: ConvergeOptions;
}

async function readyServers(
  context: Context,
  engine: Engine,
  { user, servers, wanted, options }: ReadyInput,
): Promise<ReadonlySet<string>> {
  const running = servers.filter((server) => wanted && server.desired === 'running');
  if (options.waitMs === undefined || running.length === 0) return new Set();
  return awaitServers(context, engine, { user, servers: running, timeoutMs: options.waitMs });
}

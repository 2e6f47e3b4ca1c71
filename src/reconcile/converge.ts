import type { Context } from '../context.ts';
import type { Engine } from '../engine/engine.ts';
import { MadeMeanwhileError, PortTakenError, SubnetTakenError } from '../engine/faults.ts';
import { listServers, settle } from '../registry/servers.ts';
import { getUserById } from '../registry/users.ts';
import { setUp, type SetUpOptions } from './set-up.ts';
import { takeAnotherPort, takeAnotherSubnet } from './clash.ts';
import { isWanted } from './desired.ts';
import { unnoted, type Observed } from './observed.ts';
import type { Row } from './rows.ts';
import { tearDown } from './tear-down.ts';

export interface ConvergeOptions extends SetUpOptions {
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
  const { registry, clock } = context;
  const user = getUserById(registry, userId);
  const servers = listServers(registry, userId);
  const look = () => engine.observe({ instance: registry.instance, userId });
  const observed = options.isNew ? nothing : await look();
  for (const { id } of unnoted(servers, observed)) settle(registry, id);
  if (isWanted(user, clock.now())) {
    const done = await setUp(context, engine, { user, servers, observed, look, options });
    return { ...done, changed: done.operations.length > 0 };
  }
  const operations = await tearDown(context, engine, { user, servers, observed });
  return { operations, changed: operations.length > 0, ready: new Set(), observed: nothing };
}

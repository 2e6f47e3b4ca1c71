import type { Context } from '../context.ts';
import type { Engine } from '../engine/engine.ts';
import { bridgeName } from '../firewall/bridge.ts';
import { unprotectTenant } from '../firewall/protect.ts';
import type { Server, User } from '../registry/rows.ts';
import { dematerialise } from '../secrets/materialise.ts';
import { releaseVolume } from '../storage/settle.ts';
import { carryOut } from './carry-out.ts';
import { runtimeFolder, userFolder } from './desired.ts';
import type { Observed } from './observed.ts';
import { planUser } from './plan-user.ts';
import { toRow, type Row } from './rows.ts';

interface Scene {
  readonly user: User;
  readonly servers: readonly Server[];
  readonly observed: Observed;
}

/** Removes what a user has on the engine, and what stands ready for it on the host. */
export async function tearDown(
  context: Context,
  engine: Engine,
  { user, servers, observed }: Scene,
): Promise<readonly Row[]> {
  const { operations } = planUser(context, { user, inputs: [], observed, restart: undefined });
  await carryOut(context, engine, { user, servers, operations, begun: undefined });
  await forget(context, engine, { user, servers });
  return operations.map((operation) => toRow(operation));
}

// Neither secrets nor rules nor mounts stay behind for what doesn't run.
async function forget(
  context: Context,
  engine: Engine,
  { user, servers }: Pick<Scene, 'user' | 'servers'>,
): Promise<void> {
  const { home, registry } = context;
  const bridge = bridgeName(user.subnet);
  // Another home may have the subnet by now: the rules are its user's then.
  const isTaken = (await engine.subnets()).some((subnet) => bridgeName(subnet) === bridge);
  if (!isTaken) await unprotectTenant(context, bridge);
  await releaseVolume(context, user);
  for (const { id } of servers) dematerialise(runtimeFolder(home, registry.instance, id));
  dematerialise(userFolder(home, registry.instance, user.id));
}

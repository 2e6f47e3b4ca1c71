import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Context } from '../context.ts';
import type { Engine } from '../engine/engine.ts';
import { probeServers } from '../ready/servers.ts';
import type { Server, User } from '../registry/rows.ts';
import { makeFirstWorkspace } from '../storage/make.ts';
import { settleVolume } from '../storage/settle.ts';
import { networkSpec } from './desired.ts';
import { enforceProfile } from './enforce-profile.ts';
import type { Observed } from './observed.ts';
import { planUser } from './plan-user.ts';
import { prepareServers } from './prepare.ts';
import { act, isCommit, prove } from './prove.ts';
import { firstOperation } from './reconcile.ts';
import { toRow, toRows, type Row } from './rows.ts';
import { stopOnce, type Stopping } from './stop-once.ts';

export interface SetUpOptions {
  /** How long to wait for readiness; undefined: don't. */
  readonly waitMs: number | undefined;
  /** Keys of servers to restart. */
  readonly restart?: ReadonlySet<string>;
  /** Keys of servers to move to the newest version of their template. */
  readonly newest?: ReadonlySet<string>;
}

interface Scene {
  readonly user: User;
  readonly servers: readonly Server[];
  readonly observed: Observed;
  /** Observes again. */
  look(): Promise<Observed>;
  readonly options: SetUpOptions & { readonly isNew?: boolean };
}

export interface Standing {
  readonly operations: readonly Row[];
  /** Ids of the servers that are ready. */
  readonly ready: ReadonlySet<string>;
  readonly observed: Observed;
}

/** Makes what one user should have, starts it and, if asked to, waits until it is ready. */
export async function setUp(context: Context, engine: Engine, scene: Scene): Promise<Standing> {
  const { user, servers, options, look } = scene;
  const begun = beginNetwork(context, engine, scene);
  // Sent before anything else keeps the processor busy.
  if (begun) await nextTurn();
  // Rules are by subnet: until the network is made, another home's user may have it.
  const ruled = Promise.resolve(begun).then(() => enforceProfile(context, user, options.isNew));
  const settled = ruled.catch(() => undefined);
  const stops = stopOnce(engine, scene.observed);
  const { moved, inputs, probed } = await provide(context, engine, {
    ...scene,
    stops,
  }).catch(async (error: unknown) => {
    // Whoever undoes what was done must find the network whole.
    await settled;
    throw error;
  });
  // No container is started without rules. Where the network is under way, starts wait for both.
  if (!begun || stops.done.length > 0) await ruled;
  const observed = stops.done.length > 0 ? await look() : scene.observed;
  const plan = planUser(context, { user, inputs, observed, restart: options.restart });
  const { operations: planned } = plan;
  const timeoutMs = options.waitMs ?? 0;
  const network = begun && ruled;
  const work = { user, servers, operations: planned, begun: network, inputs, probed, timeoutMs };
  await act(context, engine, work);
  const unprotected = await ruled;
  const lookAfter = async () => (planned.length > 0 ? look() : observed);
  const proving = prove(context, engine, { ...work, newest: options.newest });
  // What is proven changes once more.
  const [ready, after] = planned.some(isCommit)
    ? [await proving, await lookAfter()]
    : await Promise.all([proving, lookAfter()]);
  const rows = toRows({ user: user.name, observed, moved, unprotected, inputs, plan });
  const operations = [...stops.done.map((stop) => toRow(stop)), ...rows];
  return { operations, ready, observed: after };
}

/** Nothing takes an engine longer to make than a network, and nothing else is needed for it. */
function beginNetwork(
  { home, registry: { instance } }: Context,
  engine: Engine,
  { user, observed }: Scene,
): Promise<void> | undefined {
  const first = firstOperation(networkSpec({ user, home, instance }), observed);
  return first && engine.apply(first);
}

/** All that containers need before they are made, but for the rules. */
async function provide(
  context: Context,
  engine: Engine,
  { user, servers, options, stops }: Scene & { readonly stops: Stopping },
) {
  makeFirstWorkspace(user, servers);
  // Files first, and alone: nothing may undo them while they move.
  const moved = await settleVolume(context, user, stops);
  const { newest, waitMs } = options;
  const running = servers.filter(({ desired }) => desired === 'running');
  const [inputs, probed] = await Promise.all([
    prepareServers(context, engine, { user, servers, newest }),
    probeServers(context, user, waitMs === undefined ? [] : running),
  ]);
  return { moved, inputs, probed };
}

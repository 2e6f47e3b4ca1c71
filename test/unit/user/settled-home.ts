import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hostConfigSchema } from '../../../src/config/schema.ts';
import type { Context } from '../../../src/context.ts';
import type { Engine } from '../../../src/engine/engine.ts';
import type { Progress } from '../../../src/progress.ts';
import { desiredState, runtimeFolder } from '../../../src/reconcile/desired.ts';
import { networkHash } from '../../../src/reconcile/hash.ts';
import type { Observed } from '../../../src/reconcile/observed.ts';
import { subject, type Operation } from '../../../src/reconcile/plan.ts';
import { prepareServers } from '../../../src/reconcile/prepare.ts';
import type { Desired } from '../../../src/reconcile/reconcile.ts';
import { addServer, listServers, settle } from '../../../src/registry/servers.ts';
import { observedServer } from '../reconcile/specs.ts';
import { add, temporaryRegistry } from '../registry/temporary.ts';

const packageRoot = join(import.meta.dirname, '../../..');

/**
 * A home whose users have one server each, all as it should be, before an engine that counts what is
 * asked of it and does nothing.
 */
export async function settledHome(users: readonly string[]) {
  const temporary = temporaryRegistry();
  const { registry, home, clock } = temporary;
  const assets = join(home.root, 'package');
  mkdirSync(join(assets, 'dist'), { recursive: true });
  cpSync(join(packageRoot, 'templates'), join(assets, 'templates'), { recursive: true });
  cpSync(join(packageRoot, 'Dockerfile.mcp'), join(assets, 'Dockerfile.mcp'));
  writeFileSync(join(assets, 'dist/bridge.cjs'), '');

  const scopes: (string | undefined)[] = [];
  const applied: Operation[] = [];
  let observed: Observed = { networks: [], servers: [] };
  const engine = {
    observe: async ({ userId }: { userId?: string }) => {
      scopes.push(userId);
      const isAsked = (one: { userId: string }) => userId === undefined || one.userId === userId;
      return {
        networks: observed.networks.filter(isAsked),
        servers: observed.servers.filter(isAsked),
      };
    },
    subnets: async () => [],
    apply: async (operation: Operation) => void applied.push(operation),
    images: { id: async () => 'sha256:aaa' },
  } as unknown as Engine;
  const progress: Progress = {
    steps: async (steps) => {
      for (const step of steps) await step.run(() => undefined);
    },
    notice: () => undefined,
    beside: () => progress,
  };
  const context: Context = {
    home,
    config: hostConfigSchema.parse({ firewall: 'off' }),
    clock,
    uid: process.getuid?.() ?? 0,
    gid: process.getgid?.() ?? 0,
    registry,
    progress,
    assets,
    env: {},
    engine: async () => engine,
    command: 'mcpd up',
    signal: AbortSignal.any([]),
  };
  for (const name of users) {
    const user = add(registry, name);
    const template = 'filesystem';
    addServer(registry, { user, name: template, template, isPortFree: () => true });
    const servers = await prepareServers(context, engine, {
      user,
      servers: listServers(registry, user.id),
    });
    for (const { server } of servers) settle(registry, server.id);
    const { instance } = registry;
    const privileged = context.uid === 0;
    const now = clock.now();
    const desired = desiredState({ ...context, user, servers, instance, privileged, now });
    observed = plus(observed, desired);
  }
  return {
    context,
    scopes,
    done: () => applied.map((operation) => `${operation.type} ${subject(operation)}`),
    /** Changes what the engine has. */
    observe: (change: (observed: Observed) => Observed) => {
      observed = change(observed);
    },
    runtimeOf: (user: string) => {
      const { serverId = '' } = observed.servers.find((one) => one.user === user) ?? {};
      return runtimeFolder(home, registry.instance, serverId);
    },
    [Symbol.dispose]: () => temporary[Symbol.dispose](),
  };
}

/** What an engine has after it was made to be as desired. */
function plus({ networks, servers }: Observed, desired: Desired): Observed {
  const { network } = desired;
  if (!network) throw new Error('no network is wanted');
  const { name, userId, user, bridge } = network;
  const id = `n-${name}`;
  return {
    networks: [...networks, { id, name, userId, user, hash: networkHash(network), bridge }],
    servers: [
      ...servers,
      ...desired.servers.map(({ spec }) => observedServer(spec, { networkIds: [id] })),
    ],
  };
}

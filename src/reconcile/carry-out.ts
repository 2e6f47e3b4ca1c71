import type { Context } from '../context.ts';
import type { Engine } from '../engine/engine.ts';
import type { Server, User } from '../registry/rows.ts';
import { settle } from '../registry/servers.ts';
import { prerequisites, subject, type Operation } from './plan.ts';

export interface Work {
  readonly user: User;
  readonly servers: readonly Server[];
  /** In order. */
  readonly operations: readonly Operation[];
  /** The creation of the network, and of its rules, when it is under way already. */
  readonly begun: Promise<unknown> | undefined;
}

/**
 * Carries operations of a plan out, each as soon as those are done that it needs. After a failure nothing
 * that needs the failed one is begun, and nothing runs on when the first failure, by order of the plan,
 * is thrown.
 */
export async function carryOut(
  context: Context,
  engine: Engine,
  { user, servers, operations, begun }: Work,
): Promise<void> {
  const { progress, signal, registry } = context;
  const byKey = new Map(servers.map((server) => [`${user.name}/${server.name}`, server]));
  const apply = async (operation: Operation) => {
    signal.throwIfAborted();
    await ((operation.type === 'network.create' && begun) || engine.apply(operation));
    // The engine has bound the port: from now on it is this server's address.
    const isStart = operation.type === 'server.start' || operation.type === 'server.swap';
    const started = isStart ? byKey.get(operation.key) : undefined;
    if (started) settle(registry, started.id);
  };

  const running: { operation: Operation; done: Promise<void> }[] = [];
  for (const operation of operations) {
    const earlier = running.map((one) => one.operation);
    const needed = new Set(prerequisites(operation, earlier));
    const awaited = running.filter((one) => needed.has(one.operation)).map(({ done }) => done);
    running.push({ operation, done: Promise.all(awaited).then(() => apply(operation)) });
  }
  const settled = Promise.allSettled(running.map(({ done }) => done));
  const steps = running.map(({ operation, done }) => ({
    title: `${operation.type} ${subject(operation)}`,
    run: (update: (detail: string) => void) => {
      update(operation.cause);
      return done;
    },
  }));
  try {
    await progress.steps(steps);
  } finally {
    // After Ctrl-C too: whoever undoes what was done must find the network whole.
    await Promise.allSettled([settled, begun]);
  }
}

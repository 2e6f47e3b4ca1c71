import type { Limits } from '../policy/limits.ts';
import type { NetworkSpec, ServerSpec } from './spec.ts';

/** Why an operation is in the plan: one clause, for people. */
interface Caused {
  readonly cause: string;
}

export type Operation = Caused &
  (
    | { readonly type: 'network.create'; readonly network: NetworkSpec; readonly hash: string }
    | { readonly type: 'network.remove'; readonly id: string; readonly name: string }
    | { readonly type: 'server.create'; readonly server: ServerSpec; readonly hash: string }
    | {
        readonly type: 'server.replace';
        readonly server: ServerSpec;
        readonly hash: string;
        readonly containerId: string;
      }
    | {
        /** Makes what is to follow a container, under another name, beside it. */
        readonly type: 'server.stage';
        readonly server: ServerSpec;
        readonly hash: string;
        readonly staged: string;
      }
    | {
        /** Stops a container, which stays, and starts the staged one in its place. */
        readonly type: 'server.swap';
        readonly key: string;
        readonly containerId: string;
        readonly staged: string;
      }
    | {
        /** Removes a container, and gives its name to the one that has followed it. */
        readonly type: 'server.commit';
        readonly key: string;
        readonly containerId: string;
        readonly staged: string;
        readonly name: string;
      }
    | {
        readonly type: 'server.update';
        readonly key: string;
        readonly containerId: string;
        readonly limits: Limits;
        readonly restart: ServerSpec['restart'];
      }
    | {
        readonly type: 'server.rename';
        readonly key: string;
        readonly containerId: string;
        readonly name: string;
      }
    | { readonly type: 'server.start'; readonly key: string; readonly containerId: string }
    | { readonly type: 'server.stop'; readonly key: string; readonly containerId: string }
    | { readonly type: 'server.remove'; readonly key: string; readonly containerId: string }
  );

/** Operations of one user, in order. */
export interface Plan {
  readonly operations: readonly Operation[];
}

/**
 * Those of the earlier operations that must be done before this one: for a network, what was bound to it
 * or stood in its place; for a server, what is done to the same one, networks that must go, and for its
 * start the network that it binds to.
 */
export function prerequisites(
  operation: Operation,
  earlier: readonly Operation[],
): readonly Operation[] {
  if (operation.type === 'network.create' || operation.type === 'network.remove') {
    return earlier.filter(({ type }) => type === 'server.remove' || type === 'network.remove');
  }
  const isStart = operation.type === 'server.start' || operation.type === 'server.swap';
  return earlier.filter(
    (one) =>
      one.type === 'network.remove' ||
      (isStart && one.type === 'network.create') ||
      subject(one) === subject(operation),
  );
}

/** What an operation acts on: `bob/filesystem`, or a network's name. */
export function subject(operation: Operation): string {
  switch (operation.type) {
    case 'network.create':
      return operation.network.name;
    case 'network.remove':
      return operation.name;
    case 'server.create':
    case 'server.replace':
    case 'server.stage':
      return operation.server.key;
    case 'server.swap':
    case 'server.commit':
    case 'server.update':
    case 'server.rename':
    case 'server.start':
    case 'server.stop':
    case 'server.remove':
      return operation.key;
  }
}

/** One line per operation: `server.create bob/filesystem (not found)`. */
export function formatPlan(plan: Plan): string {
  return plan.operations
    .map((operation) => `${operation.type} ${subject(operation)} (${operation.cause})`)
    .join('\n');
}

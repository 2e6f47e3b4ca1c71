import type { HostConfig } from '../config/schema.ts';
import type { LimitsInput } from '../policy/limits.ts';
import { limitsOf, policyOf } from '../policy/of-user.ts';
import { isWanted } from '../reconcile/desired.ts';
import type { Server, User } from '../registry/rows.ts';

/** What one user was promised. */
export interface Promised {
  readonly user: User;
  /** All of them, running or not. */
  readonly servers: number;
  /** How many they may have; null: as many as ports allow. */
  readonly mostServers: number | null;
  /** Servers that run, or should. */
  readonly running: number;
  /** Their caps together, in bytes. */
  readonly memoryBytes: number;
  readonly cpus: number;
}

export interface PromisedInput {
  readonly users: readonly User[];
  readonly servers: readonly Server[];
  /** What the template asks for that a server is made from; one that is gone asks for nothing. */
  readonly asks: (server: Server) => LimitsInput | undefined;
  readonly config: HostConfig;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** What each user was promised. Stopped servers and users who are down or expired take no memory. Pure. */
export function promisedTo(input: PromisedInput): readonly Promised[] {
  const { users, config, asks, now } = input;
  const byUser = Map.groupBy(input.servers, ({ userId }) => userId);
  return users.map((user) => {
    const servers = byUser.get(user.id) ?? [];
    const running = isWanted(user, now)
      ? servers.filter(({ desired }) => desired === 'running')
      : [];
    const caps = running.map((server) =>
      limitsOf(config, user, { name: server.name, limits: asks(server) ?? {} }),
    );
    return {
      user,
      servers: servers.length,
      mostServers: policyOf(config, user).servers.value,
      running: running.length,
      memoryBytes: sum(caps.map(({ memoryBytes }) => memoryBytes)),
      cpus: Number(sum(caps.map(({ cpus }) => cpus)).toFixed(3)),
    };
  });
}

/** Memory promised to all of them, in bytes. */
export function promisedMemory(promised: readonly Promised[]): number {
  return sum(promised.map(({ memoryBytes }) => memoryBytes));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}

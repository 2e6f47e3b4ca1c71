import type { Context } from '../context.ts';
import type { Engine } from '../engine/engine.ts';
import type { PortTakenError, SubnetTakenError } from '../engine/faults.ts';
import { ConflictError } from '../errors.ts';
import { hostRoutes } from '../host/routes.ts';
import { freePorts, portHolder, readListeners } from '../host/sockets.ts';
import { moveBlockedPort, reassignSubnet } from '../registry/clashes.ts';
import { listServers } from '../registry/servers.ts';
import { getUserById } from '../registry/users.ts';

const blockedHours = 1;

/**
 * Answers a port that could not be published. A server that was never ready gets the next port of
 * its user's block; one that was keeps its address, and the error names who holds it.
 */
export async function takeAnotherPort(
  context: Context,
  userId: string,
  error: PortTakenError,
): Promise<void> {
  const server = listServers(context.registry, userId).find(({ port }) => port === error.port);
  if (!server) throw error;
  if (server.settled) {
    const { name } = getUserById(context.registry, userId);
    throw await heldBySomebody(error, `${name}/${server.name}`);
  }
  moveBlockedPort(context.registry, server.id, {
    until: context.clock.now() + blockedHours * 3_600_000,
    isPortFree: freePorts(context.config.bindAddress, await readListeners()),
  });
  context.progress.notice(`Port ${error.port} is held by another process; took the next one.`);
}

async function heldBySomebody(error: PortTakenError, key: string): Promise<ConflictError> {
  const holder = await portHolder(error.port);
  const who = holder ? `${holder.name} (pid ${holder.pid})` : 'another process';
  return new ConflictError(`Port ${error.port} is held by ${who}; ${key} keeps its address.`, {
    code: 'PORT_TAKEN',
    suggestions: [`stop that process, then: mcpd start ${key}`, 'mcpd ports'],
    cause: error,
  });
}

/** Answers a subnet that overlaps a network the allocation did not see, e.g. one made meanwhile. */
export async function takeAnotherSubnet(
  context: Context,
  engine: Engine,
  userId: string,
  error: SubnetTakenError,
): Promise<void> {
  const servers = listServers(context.registry, userId);
  if (servers.some(({ settled }) => settled)) throw error;
  const takenSubnets = [...(await engine.subnets()), ...hostRoutes()];
  reassignSubnet(context.registry, userId, {
    config: context.config,
    takenSubnets,
    until: context.clock.now() + blockedHours * 3_600_000,
  });
}

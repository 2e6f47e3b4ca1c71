import { ConflictError, EngineError } from '../errors.ts';
import type { LostLimit } from './engine.ts';

/** The engine could not publish the port: somebody else holds it. */
export class PortTakenError extends ConflictError {
  readonly port: number;

  constructor(port: number, cause?: unknown) {
    super(`Port ${port} is held by another process.`, {
      code: 'PORT_TAKEN',
      suggestions: ['mcpd ports'],
      cause,
    });
    this.port = port;
  }
}

/** The engine could not create the network: the range overlaps another network or route. */
export class SubnetTakenError extends ConflictError {
  constructor(subnet: string, cause?: unknown) {
    super(`Subnet ${subnet} overlaps another network of this host.`, {
      code: 'SUBNET_TAKEN',
      suggestions: ['mcpd doctor', 'mcpd config set subnets.pool CIDR'],
      cause,
    });
  }
}

/** Somebody else's container or network has the name: it is not ours to touch. */
export class NameTakenError extends ConflictError {
  constructor(
    { kind, name, user }: { kind: 'container' | 'network'; name: string; user: string },
    cause?: unknown,
  ) {
    super(`There is a ${kind} named ${name} that mcpd has not made.`, {
      code: 'NAME_TAKEN',
      suggestions: [
        `docker ${kind} inspect ${name}, for what it is`,
        `rename or remove it, then: mcpd up ${user}`,
      ],
      cause,
    });
  }
}

/** Another call to the engine made the object meanwhile, such as that of a command that was killed. Look again. */
export class MadeMeanwhileError extends ConflictError {
  constructor(name: string, cause?: unknown) {
    super(`Another command has just made ${name}.`, {
      code: 'MADE_MEANWHILE',
      suggestions: ['run the command again'],
      cause,
    });
  }
}

/** The engine accepted the container but dropped a limit that this kernel can't enforce. */
export class LimitLostError extends EngineError {
  constructor(key: string, lost: readonly LostLimit[]) {
    const list = lost.map(({ limit, asked, got }) => `${limit} asked ${asked}, got ${got}`);
    const controllers = new Set(lost.map(({ limit }) => controllerOf[limit]));
    super(`The engine does not enforce the limits of ${key}: ${list.join('; ')}.`, {
      code: 'LIMIT_NOT_ENFORCED',
      suggestions: [
        'mcpd doctor',
        ...[...controllers].map((one) => `enable the ${one} cgroup controller of this kernel`),
      ],
    });
  }
}

const controllerOf: Readonly<Record<LostLimit['limit'], string>> = {
  memoryBytes: 'memory',
  cpus: 'cpu',
  cpuset: 'cpuset',
  pids: 'pids',
};

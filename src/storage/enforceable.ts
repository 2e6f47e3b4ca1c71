import type { Context } from '../context.ts';
import { RefusedError } from '../errors.ts';
import { missingTools } from './tools.ts';

interface Host extends Pick<Context, 'uid' | 'env'> {
  readonly home: Pick<Context['home'], 'users'>;
}

interface Obstacle {
  /** A clause for people. */
  readonly reason: string;
  readonly suggestion: string;
}

/** Why a quota can't be enforced for a workspace (undefined: mcpd's own); undefined when it can. */
export function storageObstacle(host: Host, workspace: string | undefined): Obstacle | undefined {
  if (host.uid !== 0) {
    return {
      reason: 'mcpd is not run as root',
      suggestion: 'Run mcpd as root, with a home of root.',
    };
  }
  if (workspace !== undefined && !workspace.startsWith(`${host.home.users}/`)) {
    return {
      reason: `${workspace} is not a folder of mcpd's own`,
      suggestion: 'Leave --workspace out, or put that folder on a disk of its own size.',
    };
  }
  const missing = missingTools(host);
  return missing === undefined
    ? undefined
    : { reason: missing, suggestion: 'apt-get install e2fsprogs mount' };
}

/** Throws RefusedError when a quota was asked for that can't be enforced. */
export function requireEnforceableStorage(host: Host, workspace: string | undefined): void {
  const obstacle = storageObstacle(host, workspace);
  if (obstacle === undefined) return;
  throw new RefusedError(`A storage quota can't be enforced here: ${obstacle.reason}.`, {
    code: 'STORAGE_NOT_ENFORCEABLE',
    suggestions: [
      obstacle.suggestion,
      'mcpd config set limits.storage SIZE, for a default that is measured where it is not enforced',
    ],
  });
}

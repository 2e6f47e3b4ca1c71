import type { HostConfig } from '../config/schema.ts';
import type { Source } from '../policy/effective.ts';
import { policyOf, type Subject } from '../policy/of-user.ts';

/** How large a user's workspace may grow. */
export interface StorageQuota {
  readonly bytes: number;
  /** The user or their group was promised it: it is enforced or refused. The host's is enforced where it can be. */
  readonly promised: boolean;
}

/** The effective quota of a user's workspace; undefined when there is none. */
export function storageQuota(config: HostConfig, user: Subject): StorageQuota | undefined {
  const { value, from } = policyOf(config, user).storage;
  return value === null ? undefined : { bytes: value, promised: !isHosts(from) };
}

function isHosts(from: Source | null): boolean {
  return from === 'host' || from === 'maximum';
}

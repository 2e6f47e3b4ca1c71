import type { HostConfig } from '../config/schema.ts';
import type { User } from '../registry/rows.ts';

/** How large a user's workspace may grow. */
export interface StorageQuota {
  readonly bytes: number;
  /** Who said so: one that the user was given must be enforced, the host's default is where it can be. */
  readonly source: 'user' | 'host';
}

/** user > host default; undefined when there is none. The one place where the precedence is. */
export function storageQuota(
  config: HostConfig,
  { policy }: Pick<User, 'policy'>,
): StorageQuota | undefined {
  const source = policy.storage === undefined ? 'host' : 'user';
  const bytes = policy.storage ?? config.limits.storage;
  return bytes === 0 ? undefined : { bytes, source };
}

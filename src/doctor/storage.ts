import { counted } from '../counted.ts';
import { isWanted } from '../reconcile/desired.ts';
import { formatBytes } from '../policy/bytes.ts';
import { storageQuota } from '../storage/quota.ts';
import { volumePaths } from '../storage/paths.ts';
import type { Facts } from './facts.ts';
import { fix } from './guarantees.ts';
import { ok, type Check } from './result.ts';

interface StrayMount {
  readonly path: string;
  /** Nobody in the registry has the folder, so no command is at work there. */
  readonly isFixable: boolean;
  readonly mend: string;
}

/** Is every workspace that is a file system mounted, and nothing else? */
export function checkStorage(facts: Facts): Check {
  const { volumes } = facts;
  const id = 'storage';
  const missing = facts.users
    .filter((user) => user.workspaceManaged && isWanted(user, facts.now))
    .filter(({ workspace }) => volumes.images.includes(volumePaths(workspace).image))
    .filter(({ workspace }) => !volumes.mounted.includes(workspace));
  if (missing.length > 0) {
    return {
      id,
      status: 'fail',
      summary: missing.map(({ name }) => `the workspace of ${name} is not mounted`).join(', '),
      meaning: 'Their servers see no files, and can write none.',
      mend: missing.map(({ name }) => `mcpd up ${name}`),
    };
  }
  const strays = strayMounts(facts);
  const { unmountedDevices: devices } = volumes;
  if (strays.length > 0 || devices.length > 0) {
    return {
      id,
      status: 'warn',
      summary: [
        ...strays.map(({ path }) => `${path} is mounted`),
        ...devices.map((device) => `${device} holds an image`),
      ].join(', '),
      meaning:
        'Nobody needs these, unless another command is at work. They hold space of the disk.',
      mend: [
        ...new Set(strays.map(({ mend }) => mend)),
        ...devices.map((device) => `losetup -d ${device}`),
      ],
    };
  }
  const { length } = volumes.images;
  return ok(id, length === 0 ? 'no workspace has a hard quota' : `${length} with a hard quota`);
}

/** Could everybody use all of their quota? Sparse files promise more than there is. */
export function checkQuotas({ users, config, disks: [home] }: Facts): Check {
  const id = 'quotas';
  const quotas = users
    .filter(({ workspaceManaged }) => workspaceManaged)
    .flatMap((user) => storageQuota(config, user)?.bytes ?? []);
  const promised = quotas.reduce((sum, bytes) => sum + bytes, 0);
  const total = home?.fileSystem.totalBytes ?? Infinity;
  const summary = `${formatBytes(promised)} of storage are promised to ${counted(quotas.length, 'user')}`;
  if (quotas.length === 0) return ok(id, 'no workspace has a quota');
  if (promised <= total) return ok(id, summary);
  return {
    id,
    status: 'warn',
    summary: `${summary}, and ${home?.path} has ${formatBytes(total)}`,
    meaning: 'When the disk is full before they are, everybody’s writes fail.',
    mend: [
      'mcpd user update NAME --storage SIZE',
      'mcpd config set limits.storage SIZE, then mcpd up',
    ],
  };
}

/** Mounts below the home's users that no workspace in use explains: what a killed command leaves. */
export function strayMounts({ users, volumes, now }: Facts): StrayMount[] {
  const wanted = users.filter((user) => isWanted(user, now)).map(({ workspace }) => workspace);
  return volumes.mounted
    .filter((path) => !wanted.some((one) => path === one || path.startsWith(`${one}/`)))
    .map((path) => {
      const user = users.find(({ workspace }) =>
        Object.values(volumePaths(workspace)).includes(path),
      );
      const again = user && isWanted(user, now) ? 'up' : 'down';
      const mend = user ? `mcpd ${again} ${user.name}` : fix;
      return { path, isFixable: user === undefined, mend };
    });
}

import { exitCodes, type McpdError } from '../errors.ts';
import type { UpgradeResult, UpgradeRow } from './result.ts';

/** Whether a server is not what it was to become. */
export function hasFailed({ outcome }: UpgradeRow): boolean {
  return outcome === 'rolled-back' || outcome === 'failed';
}

/** How a command ends that did this; undefined: well. */
export function failureOf({
  servers,
}: UpgradeResult): Pick<McpdError, 'exitCode' | 'code'> | undefined {
  const tried = servers.filter(({ outcome }) => outcome !== 'unchanged');
  if (!tried.some(hasFailed)) return undefined;
  return tried.length === 1
    ? { exitCode: exitCodes.unhealthy, code: 'UPGRADE_FAILED' }
    : { exitCode: exitCodes.partial, code: 'PARTIAL_FAILURE' };
}

import type { HostConfig } from '../config/schema.ts';
import { RefusedError } from '../errors.ts';
import { isCpusetWithin } from '../policy/cpuset.ts';
import type { Source } from '../policy/effective.ts';
import { policyOf } from '../policy/of-user.ts';
import type { User } from '../registry/rows.ts';
import type { Sources } from './inputs.ts';

/**
 * Throws RefusedError when a user's servers should run on processors that the engine lacks: since a setting says so,
 * or since the engine had more. It would refuse them one by one, with its own words.
 */
export async function requireProcessorsOf(
  config: HostConfig,
  user: User,
  sources: Pick<Sources, 'processors'>,
): Promise<void> {
  const { value, from } = policyOf(config, user).cpuset;
  if (value === null) return;
  const all = await sources.processors();
  if (isCpusetWithin(value, all)) return;
  throw new RefusedError(
    `The servers of ${user.name} can't run on the processors ${value}: the engine has ${all}.`,
    { code: 'NO_SUCH_CPU', suggestions: [`${commandFor(from, user)} ${all}`] },
  );
}

/** What changes the list of whoever said it, without the list. */
function commandFor(from: Source | null, { name, group }: User): string {
  switch (from) {
    case 'maximum':
      return 'mcpd config set maximum.cpuset';
    case 'group':
      return `mcpd group update ${group?.name} --cpuset`;
    case 'user':
      return `mcpd user update ${name} --cpuset`;
    case 'host':
    case 'template':
    case null:
      return 'mcpd config set limits.cpuset';
  }
}

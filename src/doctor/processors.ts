import { isCpusetWithin } from '../policy/cpuset.ts';
import { policyOf } from '../policy/of-user.ts';
import { isWanted } from '../reconcile/desired.ts';
import type { EngineFacts, Facts } from './facts.ts';
import { few, ok, type Check } from './result.ts';

/** Does the engine have the processors that lists name? A setting may name others, or a machine have had more. */
export function checkProcessors({ config, users, now }: Facts, { processors }: EngineFacts): Check {
  const id = 'processors';
  const lacking = users
    .filter((user) => isWanted(user, now))
    .filter((user) => {
      const { value } = policyOf(config, user).cpuset;
      return value !== null && !isCpusetWithin(value, processors);
    })
    .map(({ name }) => name);
  const [first] = lacking;
  if (first === undefined) return ok(id, `every cpuset is within ${processors}`);
  return {
    id,
    status: 'warn',
    summary: `the engine has the processors ${processors}, and lacks some of the cpuset of ${few(lacking)}`,
    meaning:
      'Those don’t count. Whose list it lacks as a whole may run on all, those of others too.',
    mend: [`mcpd user show ${first} --effective, for who says so`],
  };
}

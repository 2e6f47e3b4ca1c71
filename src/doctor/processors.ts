import { limitsWithin } from '../policy/limits.ts';
import { limitsOf } from '../policy/of-user.ts';
import { isWanted } from '../reconcile/desired.ts';
import type { EngineFacts, Facts } from './facts.ts';
import { few, ok, type Check } from './result.ts';

/** Does the engine have the processors that servers should get? A setting may say more, or a machine have had more. */
export function checkProcessors({ config, users, now }: Facts, { processors }: EngineFacts): Check {
  const id = 'processors';
  const lacking = users
    .filter((user) => isWanted(user, now))
    .filter((user) => {
      const limits = limitsOf(config, user);
      const kept = limitsWithin(limits, processors);
      return kept.cpus !== limits.cpus || kept.cpuset !== limits.cpuset;
    });
  const [first] = lacking;
  if (!first) return ok(id, `the engine has all that servers should get, of ${processors}`);
  return {
    id,
    status: 'warn',
    summary: `the engine has the processors ${processors}, and lacks some of ${few(lacking.map(({ name }) => name))}`,
    meaning: 'What it lacks does not count; where it lacks all of a list, all that it has do.',
    mend: [`mcpd user show ${first.name} --effective, for who says so`],
  };
}

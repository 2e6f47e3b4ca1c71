import { beforeAll, describe, expect, it } from 'vitest';
import { kill, survey } from '../crash/matrix.ts';
import { scenarios } from '../crash/scenarios.ts';
import { Stage } from '../crash/stage.ts';
import { Tenancy } from '../support/tenancy.ts';

// Homes share images, so this one's build is everybody's.
beforeAll(async () => {
  await using builder = await Tenancy.open();
  await builder.json(['image', 'build', 'filesystem', 'memory']);
}, 300_000);

/** Of each kind of command a point where it is half done. `npm run crash` has all commands and points. */
const sample: readonly [string, RegExp][] = [
  ['user add', /^(after commit users|during engine POST .containers.create)/],
  ['user remove', /^after rename/],
  ['user remove --purge', /^after (commit users #1|engine DELETE .networks)/],
  ['user update', /^after commit users/],
  ['user update --storage, given', /^during program cp/],
  ['user move', /^after engine DELETE .containers/],
  ['restore', /^after commit quarantine/],
  ['server add', /^after commit servers/],
  ['server remove', /^after commit approvals/],
  ['token revoke', /^after commit tokens/],
  ['group update', /^after commit groups/],
  ['config set', /^after open config/],
  ['stop', /^after (commit|write) servers/],
  ['restart', /^after engine .*stop/],
  ['down', /^during program nft/],
  ['up', /^during engine POST .containers.create/],
];

describe.concurrent('killed in the middle, then put right by up', { timeout: 300_000 }, () => {
  it.each(sample)(
    '%s is done or undone as a whole, and nothing is orphaned',
    async (name, which) => {
      const scenario = scenarios.find((one) => one.name === name);
      if (!scenario) throw new Error(`no scenario "${name}"`);
      await using stage = await Stage.open(scenario);
      const { points, done } = await survey(stage);
      const chosen = points.filter((point) => which.test(point));
      expect(chosen).not.toEqual([]);
      const outcomes = [];
      for (const point of chosen) {
        const { killed, problems } = await kill(stage, point, done);
        outcomes.push({ point, killed, problems });
      }
      expect(outcomes).toEqual(chosen.map((point) => ({ point, killed: true, problems: [] })));
    },
  );
});

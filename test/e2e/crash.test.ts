import { beforeAll, describe, expect, it } from 'vitest';
import { Stage } from '../crash/matrix.ts';
import { scenarios } from '../crash/scenarios.ts';
import { Tenancy } from '../support/tenancy.ts';

// Homes share images, so this one's build is everybody's.
beforeAll(async () => {
  await using builder = await Tenancy.open();
  await builder.json(['image', 'build', 'filesystem', 'memory']);
}, 300_000);

/** Of each command the points where something has just become true. `npm run crash` has all of them. */
const sample: readonly [string, RegExp][] = [
  ['user add', /^(after commit users|during engine POST .*create|after commit tokens)/],
  ['user remove', /^after (commit users|rename)/],
  [
    'user remove --purge',
    /^(after (commit users|rm workspace|engine DELETE .networks)|during engine DELETE .containers)/,
  ],
  ['user update', /^(after (commit users|rename policy)|during engine .*update) /],
  ['user update --storage, given', /^(during program (cp|umount)|after rename workspace)/],
  ['server add', /^(after commit servers|during engine .*create)/],
  ['server remove', /^after (commit approvals|engine DELETE)/],
  ['secret set', /^after write secrets/],
  ['token create', /^after (commit tokens|open .tokens)/],
  ['token revoke', /^after commit tokens/],
  ['token rotate', /^after commit tokens/],
  ['group create', /^after commit groups/],
  ['group add', /^after (commit users|open .policy)/],
  ['group update', /^after (commit groups|write groups)/],
  ['config set', /^(after writeFile|before rename)/],
  ['stop', /^(after (commit|write) servers|during engine)/],
  ['start', /^(after (commit|write) servers|during engine)/],
  ['restart', /^(after|during) engine .*stop/],
  ['down', /^(after commit users|after engine DELETE .containers|during program nft)/],
  ['up', /^(after commit users|during engine .*create|after engine .*start)/],
];

describe.concurrent('killed in the middle, then put right by up', () => {
  it.each(sample)(
    '%s is done or undone as a whole, and nothing is orphaned',
    async (name, which) => {
      const scenario = scenarios.find((one) => one.name === name);
      if (!scenario) throw new Error(`no scenario "${name}"`);
      await using stage = await Stage.open(scenario);
      const { points, done } = await stage.survey();
      const chosen = points.filter((point) => which.test(point));
      expect(chosen).not.toEqual([]);
      const outcomes = [];
      for (const point of chosen) {
        const { killed, problems } = await stage.kill(point, done);
        outcomes.push({ point, killed, problems });
      }
      expect(outcomes).toEqual(chosen.map((point) => ({ point, killed: true, problems: [] })));
    },
  );
});

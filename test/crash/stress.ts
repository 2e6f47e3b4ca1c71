import { randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { Tenancy } from '../support/tenancy.ts';
import { unusedPorts } from '../support/unused.ts';
import { contradictions } from './orphans.ts';
import { ownPool } from './pool.ts';
import { look } from './world.ts';

export interface StressOptions {
  readonly seconds: number;
  /** Processes at a time. */
  readonly processes: number;
}

export interface StressResult {
  readonly commands: number;
  readonly problems: readonly string[];
}

const names = Array.from({ length: 12 }, (_, index) => `user-${index}`);
const commands = [
  'user add NAME --memory 32m --no-start',
  'user remove NAME --purge --yes',
  'user update NAME --memory 40m',
  'user update NAME --memory 32m',
];
/** Done, or there is no such user, or there is one already, or somebody else is at it. */
const expected = new Set([0, 3, 4]);

/**
 * Adds, changes and removes users of few names from many processes at once, in any order. Then all that
 * keeps state has to agree: what no command may see is no more there than what every one needs.
 */
export async function stress({ seconds, processes }: StressOptions): Promise<StressResult> {
  const start = await unusedPorts(names.length);
  const pool = ownPool();
  await using tenancy = await Tenancy.open({
    quarantineHours: 0,
    ports: { start, end: start + names.length - 1, perUser: 1 },
    subnets: { pool },
  });
  const problems: string[] = [];
  let count = 0;
  const end = Date.now() + seconds * 1000;
  const work = async (): Promise<void> => {
    while (Date.now() < end) {
      const template = commands[randomInt(commands.length)] ?? '';
      const command = template.replace('NAME', names[randomInt(names.length)] ?? '');
      const { code, stderr } = await tenancy.run(command.split(' '));
      count += 1;
      if (!expected.has(code)) problems.push(`${command}: exit ${code}: ${stderr.trim()}`);
      await delay(randomInt(20));
    }
  };
  await Promise.all(Array.from({ length: processes }, work));
  const up = await tenancy.run(['up']);
  if (up.code !== 0) problems.push(`up: exit ${up.code}: ${up.stderr.trim()}`);
  problems.push(...contradictions([await look(tenancy)], pool));
  return { commands: count, problems };
}

import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { Stage, type Outcome, type Survey } from './matrix.ts';
import { scenarios, type Scenario } from './scenarios.ts';
import { stress } from './stress.ts';

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    point: { type: 'string', default: '' },
    stress: { type: 'boolean', default: false },
    parallel: { type: 'string', default: String(availableParallelism()) },
  },
});

const chosen = scenarios.filter(({ name }) => values.only === undefined || name === values.only);
if (values.stress) {
  const { commands, problems } = await stress({ seconds: 180, processes: 50 });
  for (const problem of problems) process.stdout.write(`✗ ${problem}\n`);
  process.stdout.write(`${commands} commands at once, ${problems.length} problems\n`);
  process.exit(problems.length > 0 ? 1 : 0);
}
let kills = 0;
let broken = 0;
for (const scenario of chosen) {
  const outcomes = await killEverywhere(scenario);
  kills += outcomes.length;
  broken += outcomes.filter(({ problems }) => problems.length > 0).length;
}
process.stdout.write(`${kills} kills, ${broken} broken\n`);
process.exitCode = broken > 0 ? 1 : 0;

async function killEverywhere(scenario: Scenario): Promise<readonly Outcome[]> {
  const began = Date.now();
  const { points, done } = await survey(scenario);
  const queue = points.filter((one) => new RegExp(values.point).test(one));
  const outcomes: Outcome[] = [];
  const work = async (): Promise<void> => {
    let stage: Stage | undefined;
    for (let point = queue.shift(); point !== undefined; point = queue.shift()) {
      stage ??= await Stage.open(scenario);
      const outcome = await stage.kill(point, done);
      outcomes.push(outcome);
      report(outcome);
      if (outcome.problems.length === 0) continue;
      await close(scenario, stage);
      stage = undefined;
    }
    if (stage) await close(scenario, stage);
  };
  await Promise.all(Array.from({ length: Number(values.parallel) }, work));
  summarise(scenario, outcomes, Date.now() - began);
  return outcomes;
}

async function survey(scenario: Scenario): Promise<Survey> {
  await using stage = await Stage.open(scenario);
  return await stage.survey();
}

/** What a broken home leaves behind has been reported already. */
async function close(scenario: Scenario, stage: Stage): Promise<void> {
  await stage[Symbol.asyncDispose]().catch((error: unknown) => {
    process.stdout.write(`  ${scenario.name}, removed: ${String(error)}\n`);
  });
}

function report({ scenario, point, problems }: Outcome): void {
  if (problems.length === 0) return;
  const list = [...new Set(problems)].map((problem) => `    ${problem}\n`).join('');
  process.stdout.write(`✗ ${scenario}, killed ${point}\n${list}`);
}

function summarise({ name }: Scenario, outcomes: readonly Outcome[], ms: number): void {
  const wrong = outcomes.filter(({ problems }) => problems.length > 0).length;
  const missed = outcomes.filter(({ killed }) => !killed).map(({ point }) => point);
  const rest = missed.length > 0 ? `, not reached: ${missed.join(', ')}` : '';
  const seconds = Math.round(ms / 1000);
  process.stdout.write(
    `${wrong === 0 ? '✓' : '✗'} ${name}: ${outcomes.length} points, ${wrong} broken, ${seconds} s${rest}\n`,
  );
}

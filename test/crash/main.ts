import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { kill, survey, type Outcome } from './matrix.ts';
import type { Scenario } from './scenario.ts';
import { scenarios } from './scenarios.ts';
import { Stage } from './stage.ts';
import { stress } from './stress.ts';

const { values } = parseArgs({
  options: {
    /** The name of a scenario, or a pattern of names. */
    only: { type: 'string', default: '' },
    /** A pattern of points. */
    point: { type: 'string', default: '' },
    stress: { type: 'boolean', default: false },
    parallel: { type: 'string', default: String(availableParallelism()) },
  },
});
const began = Date.now();
/** Asked to end: no more points, but homes are removed. Some senders ask twice. */
const ending = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => ending.abort());

if (values.stress) {
  const { commands, problems } = await stress({ seconds: 180, processes: 50 });
  for (const problem of problems) process.stdout.write(`✗ ${problem}\n`);
  process.stdout.write(`${commands} commands at once, ${problems.length} problems\n`);
  process.exit(problems.length > 0 ? 1 : 0);
}
const only = scenarios.some(({ name }) => name === values.only) ? `^${values.only}$` : values.only;
const chosen = scenarios.filter(({ name }) => new RegExp(only).test(name));
const all: Outcome[] = [];
for (const scenario of chosen) {
  if (ending.signal.aborted) break;
  all.push(...(await killEverywhere(scenario).catch(failed(scenario))));
}
const wrong = all.filter(isBroken).length;
process.stdout.write(
  `${chosen.length} commands, ${all.length} points, ${all.filter(({ killed }) => killed).length} kills, ` +
    `${all.filter(({ late }) => late).length} put right by the next gc and up, ${wrong} broken, ${since(began)}\n`,
);
process.exitCode = wrong > 0 || ending.signal.aborted ? 1 : 0;

async function killEverywhere(scenario: Scenario): Promise<readonly Outcome[]> {
  const start = Date.now();
  const first = await Stage.open(scenario);
  const { points, done } = await survey(first);
  const queue = points.filter((one) => new RegExp(values.point).test(one));
  const outcomes: Outcome[] = [];
  const work = async (given: Stage | undefined): Promise<void> => {
    let stage = given;
    for (let point = queue.shift(); point !== undefined; point = queue.shift()) {
      stage ??= await Stage.open(scenario);
      const outcome = await killOnce({ stage, point, done });
      // The signal may have ended its commands too.
      if (ending.signal.aborted) break;
      outcomes.push(outcome);
      report(outcome);
      if (!isBroken(outcome)) continue;
      await close(scenario, stage);
      stage = undefined;
    }
    if (stage) await close(scenario, stage);
  };
  const others = Array.from({ length: Number(values.parallel) - 1 }, () => undefined);
  await Promise.all([first, ...others].map(work));
  summarise(scenario, outcomes, since(start));
  return outcomes;
}

interface Kill {
  readonly stage: Stage;
  readonly point: string;
  readonly done: unknown;
}

/** What a home has been through may be what keeps it from a point, so one that isn't reached is tried in a new home. */
async function killOnce({ stage, point, done }: Kill): Promise<Outcome> {
  const outcome = await kill(stage, point, done);
  if (outcome.killed || isBroken(outcome)) return outcome;
  await using fresh = await Stage.open(stage.scenario);
  return await kill(fresh, point, done);
}

/** Without a state to start from, or an end that can be reached, there is nothing to kill. */
function failed({ name: scenario }: Scenario) {
  return (error: unknown): readonly Outcome[] => {
    const problems = [String(error)];
    const outcome = { scenario, point: 'nowhere', killed: false, late: false, problems };
    report(outcome);
    return [outcome];
  };
}

/** What a broken home leaves behind has been reported already. */
async function close(scenario: Scenario, stage: Stage): Promise<void> {
  await stage[Symbol.asyncDispose]().catch((error: unknown) => {
    process.stdout.write(`  ${scenario.name}, removed: ${String(error)}\n`);
  });
}

function report({ scenario, point, late, problems }: Outcome): void {
  if (problems.length === 0) {
    if (late)
      process.stdout.write(`· ${scenario}, killed ${point}: put right by the next gc and up\n`);
    return;
  }
  const list = [...new Set(problems)].map((problem) => `    ${problem}\n`).join('');
  process.stdout.write(`✗ ${scenario}, killed ${point}\n${list}`);
}

function summarise({ name }: Scenario, outcomes: readonly Outcome[], time: string): void {
  const broken = outcomes.filter(isBroken).length;
  const missed = outcomes.filter(({ killed }) => !killed).map(({ point }) => point);
  const rest = missed.length > 0 ? `, not reached: ${missed.join(', ')}` : '';
  process.stdout.write(
    `${broken === 0 ? '✓' : '✗'} ${name}: ${outcomes.length} points, ${broken} broken, ${time}${rest}\n`,
  );
}

function isBroken({ problems }: Outcome): boolean {
  return problems.length > 0;
}

function since(time: number): string {
  return `${Math.round((Date.now() - time) / 1000)} s`;
}

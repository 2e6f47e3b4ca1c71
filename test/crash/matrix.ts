import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { differences } from './differences.ts';
import { said, Stage, type State } from './stage.ts';

/** How one kill went: nothing is wrong when `problems` is empty. */
export interface Outcome {
  readonly scenario: string;
  readonly point: string;
  /** Whether the point was reached; work that runs side by side may pass it otherwise. */
  readonly killed: boolean;
  /** The engine finished a call of the killed command after `up` had looked: the next `gc` and `up` mended that. */
  readonly late: boolean;
  readonly problems: readonly string[];
}

/** What a command does when nobody kills it. */
export interface Survey {
  readonly points: readonly string[];
  /** The world after it. */
  readonly done: unknown;
}

/** Runs the command to its end. Leaves the state that it starts from. */
export async function survey(stage: Stage): Promise<Survey> {
  const { scenario } = stage;
  const list = join(stage.files, 'points');
  const run = await stage.run(scenario.command, { FAULT_LIST: list });
  if (run.code !== 0) throw new Error(`mcpd ${scenario.command}: ${said(run)}`);
  const lines = (await readFile(list, 'utf8')).trim().split('\n');
  await rm(list);
  // Some of what is asked for is made by `up` alone.
  const done = await mended(stage);
  if (!scenario.isFirst) await stage.play(scenario.undo);
  return {
    done: done.world,
    points: lines.filter((point, index) => !isSame(lines[index - 1], point)),
  };
}

/**
 * Kills the command at a point, lets `up` mend, and looks. Leaves the state that it starts
 * from, unless something was wrong.
 */
export async function kill(stage: Stage, point: string, done: unknown): Promise<Outcome> {
  const { name: scenario, isFirst } = stage.scenario;
  try {
    if (!isFirst) return await killOn(stage, point, done);
    await using own = await Stage.open(stage.scenario);
    return await killOn(own, point, done);
  } catch (error) {
    return { scenario, point, killed: true, late: false, problems: [String(error)] };
  }
}

async function killOn(stage: Stage, point: string, done: unknown): Promise<Outcome> {
  const { command, name, undo, needsItself, isFirst } = stage.scenario;
  const { world: before } = await stage.state();
  const { code } = await stage.run(command, { FAULT_KILL: point });
  const { state, problems, late } = await putRight(stage, performance.now());
  const isDone = isDeepStrictEqual(state.world, done);
  if (!isDone && !needsItself && !isDeepStrictEqual(state.world, before)) {
    const list = differences(state.world, before, done);
    problems.push(`neither undone nor done (is | was | would be):\n${list}`);
  }
  if (!isDone) problems.push(...(await again(stage, done)));
  if (!isFirst) {
    await stage.play(undo);
    const { world } = await stage.state();
    if (!isDeepStrictEqual(world, before)) {
      problems.push(`not as it began (is | was):\n${differences(world, before)}`);
    }
  }
  return { scenario: name, point, killed: code === -1, late, problems };
}

interface PutRight {
  readonly state: State;
  readonly problems: string[];
  readonly late: boolean;
}

/** Runs `up`, at once; once more, after `gc`, only for what the engine did after the first had begun. */
async function putRight(stage: Stage, diedAt: number): Promise<PutRight> {
  const problems = [...(await stage.mend())];
  const state = await stage.state();
  if (state.contradictions.length === 0) return { state, problems, late: false };
  if (!stage.relay.wasBusySince(diedAt)) {
    return { state, problems: [...problems, ...state.contradictions], late: false };
  }
  const swept = await stage.run('gc');
  if (swept.code !== 0) problems.push(`gc: ${said(swept)}`);
  problems.push(...(await stage.mend()));
  const later = await stage.state();
  return { state: later, problems: [...problems, ...later.contradictions], late: true };
}

async function again(stage: Stage, done: unknown): Promise<readonly string[]> {
  const { command } = stage.scenario;
  const run = await stage.run(command);
  const problems = run.code === 0 ? [] : [`again: ${said(run)}`];
  const { world, contradictions } = await mended(stage);
  if (!isDeepStrictEqual(world, done)) {
    problems.push(`again, but not done (is | would be):\n${differences(world, done)}`);
  }
  return [...problems, ...contradictions];
}

async function mended(stage: Stage): Promise<State> {
  const failures = await stage.mend();
  if (failures.length > 0) throw new Error(failures.join('\n'));
  return stage.state();
}

/** Right after one effect the world is as right before the next, but for what goes on elsewhere. */
function isSame(earlier: string | undefined, point: string): boolean {
  const isElsewhere = /^before (engine|program|commit) /.test(point);
  return earlier !== undefined && point.startsWith('before ') && !isElsewhere;
}

import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { Tenancy, type Run } from '../support/tenancy.ts';
import { unusedPorts } from '../support/unused.ts';
import { contradictions } from './orphans.ts';
import { ownPool } from './pool.ts';
import type { Scenario } from './scenarios.ts';
import { describe, look } from './world.ts';

const preload = join(import.meta.dirname, '../fixtures/faults.mjs');

/** How one kill went: nothing is wrong when `problems` is empty. */
export interface Outcome {
  readonly scenario: string;
  readonly point: string;
  /** Whether the point was reached; work that runs side by side may pass it otherwise. */
  readonly killed: boolean;
  readonly problems: readonly string[];
}

/** What a command does when nobody kills it. */
export interface Survey {
  readonly points: readonly string[];
  /** The world after it. */
  readonly done: unknown;
}

/** A home in which one command is killed again and again. */
export class Stage implements AsyncDisposable {
  readonly #tenancy: Tenancy;
  readonly #pool: string;
  readonly #scenario: Scenario;

  private constructor(tenancy: Tenancy, pool: string, scenario: Scenario) {
    this.#tenancy = tenancy;
    this.#pool = pool;
    this.#scenario = scenario;
  }

  static async open(scenario: Scenario): Promise<Stage> {
    const start = await unusedPorts(20);
    const pool = ownPool();
    const tenancy = await Tenancy.open({
      quarantineHours: 0,
      ports: { start, end: start + 19 },
      subnets: { pool },
      ...scenario.config,
    });
    await writeFile(`${tenancy.home}.secret`, 'a value');
    const stage = new Stage(tenancy, pool, scenario);
    for (const command of scenario.given) await stage.#must(command);
    return stage;
  }

  /** Runs the command to its end. Leaves the state that it starts from. */
  async survey(): Promise<Survey> {
    const list = `${this.#tenancy.home}.points`;
    await this.#must(this.#scenario.command, { FAULT_LIST: list });
    const lines = (await readFile(list, 'utf8')).trim().split('\n');
    await rm(list);
    // Some of what is asked for is made by `up` alone.
    await this.#must('up');
    const done = await this.#describe();
    for (const command of this.#scenario.undo) await this.#run(command);
    return { done, points: lines.filter((point, index) => !isSame(lines[index - 1], point)) };
  }

  /** Kills the command at a point, lets `up` mend, and looks. Leaves the state that it starts from. */
  async kill(point: string, done: unknown): Promise<Outcome> {
    if (!this.#scenario.isFirst) return this.#kill(point, done);
    await using own = await Stage.open(this.#scenario);
    return await own.#kill(point, done);
  }

  async #kill(point: string, done: unknown): Promise<Outcome> {
    const { command, name, undo, needsItself, isFirst } = this.#scenario;
    const before = await this.#describe();
    const problems: string[] = [];
    const { code } = await this.#run(command, { FAULT_KILL: point });
    await this.#mend(problems);
    const mended = await this.#describe();
    const isDone = isDeepStrictEqual(mended, done);
    if (!isDone && !needsItself && !isDeepStrictEqual(mended, before)) {
      problems.push(
        `neither undone nor done (is | was | would be):\n${differences(mended, before, done)}`,
      );
    }
    if (!isDone) {
      const again = await this.#run(command);
      if (again.code !== 0) problems.push(`again: ${said(again)}`);
      await this.#must('up');
      const after = await this.#describe();
      if (!isDeepStrictEqual(after, done)) {
        problems.push(`again, but not done (is | would be):\n${differences(after, done)}`);
      }
      problems.push(...(await this.#contradictions()));
    }
    if (!isFirst) {
      for (const back of undo) await this.#run(back);
      const returned = await this.#describe();
      if (!isDeepStrictEqual(returned, before))
        problems.push(`not as it began (is | was):\n${differences(returned, before)}`);
    }
    return { scenario: name, point, killed: code === -1, problems };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(`${this.#tenancy.home}.secret`);
    await this.#tenancy[Symbol.asyncDispose]();
  }

  async #mend(problems: string[]): Promise<void> {
    const up = await this.#run('up');
    if (up.code !== 0) problems.push(`up: ${said(up)}`);
    problems.push(...(await this.#contradictions()));
  }

  async #contradictions(): Promise<readonly string[]> {
    return contradictions(await look(this.#tenancy), this.#pool);
  }

  async #describe(): Promise<unknown> {
    return describe(await look(this.#tenancy));
  }

  async #must(command: string, faults: Faults = {}): Promise<void> {
    const run = await this.#run(command, faults);
    if (run.code !== 0) throw new Error(`mcpd ${command}: ${said(run)}`);
  }

  #run(command: string, faults: Faults = {}): Promise<Run> {
    const env = { ...faults, NODE_OPTIONS: `--import ${preload}` };
    const isFaulty = Object.keys(faults).length > 0;
    const tenancy = isFaulty ? this.#tenancy.with({ env }) : this.#tenancy;
    const args = command.replace('@secret', `@${tenancy.home}.secret`).split(' ');
    return tenancy.run(
      args,
      command === this.#scenario.command ? (this.#scenario.input ?? 'value') : 'value',
    );
  }
}

interface Faults {
  readonly FAULT_KILL?: string;
  readonly FAULT_LIST?: string;
}

/** Right after one effect the world is as right before the next, but for what goes on elsewhere. */
function isSame(earlier: string | undefined, point: string): boolean {
  const isElsewhere = /^before (engine|program|commit) /.test(point);
  return earlier !== undefined && point.startsWith('before ') && !isElsewhere;
}

function said({ code, stdout, stderr }: Run): string {
  return `exit ${code}: ${(stdout + stderr).trim()}`;
}

/** Where worlds differ, one path a line: what it is in each. */
function differences(...worlds: readonly unknown[]): string {
  const leaves = worlds.map((world) => new Map(leavesOf('', world)));
  const paths = new Set(leaves.flatMap((one) => [...one.keys()]));
  return [...paths]
    .map((path) => ({ path, values: leaves.map((one) => one.get(path) ?? 'nothing') }))
    .filter(({ values }) => new Set(values).size > 1)
    .map(({ path, values }) => `      ${path}: ${values.join(' | ')}`)
    .join('\n');
}

function leavesOf(path: string, value: unknown): [string, string][] {
  if (typeof value !== 'object' || value === null) return [[path, JSON.stringify(value) ?? '']];
  return Object.entries(value).flatMap(([key, one]) => leavesOf(`${path}.${key}`, one));
}

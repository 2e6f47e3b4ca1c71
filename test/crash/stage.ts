import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { Disposals } from '../support/disposals.ts';
import { Tenancy, type Run } from '../support/tenancy.ts';
import { unusedPorts } from '../support/unused.ts';
import { contradictions } from './orphans.ts';
import { ownPool } from './pool.ts';
import { Relay } from './relay.ts';
import type { Scenario, Step, World } from './scenario.ts';
import { describe, listFiles, look } from './world.ts';

const preload = join(import.meta.dirname, '../fixtures/faults.mjs');

/** What the preload is told. */
export interface Faults {
  readonly FAULT_KILL?: string;
  readonly FAULT_LIST?: string;
}

/** What there is, without what is this stage's own, and what of it contradicts. */
export interface State {
  readonly world: unknown;
  readonly contradictions: readonly string[];
}

/** A home, or two, in which one scenario is played again and again. */
export class Stage implements AsyncDisposable {
  readonly scenario: Scenario;
  readonly files: string;
  readonly relay: Relay;
  readonly #homes: readonly [Tenancy, ...Tenancy[]];
  readonly #pool: string;
  readonly #disposals: Disposals;
  readonly #words: Map<string, string>;
  readonly #world: World;

  private constructor(scenario: Scenario, parts: Parts) {
    const { homes, pool, files, relay, disposals, added } = parts;
    const [here, other = here] = homes;
    this.scenario = scenario;
    this.files = files;
    this.relay = relay;
    this.#homes = homes;
    this.#pool = pool;
    this.#disposals = disposals;
    const secret = join(files, 'secret');
    const own = basename(here.home);
    this.#words = new Map(
      Object.entries({ secret, files, home: here.home, other: other.home, own }),
    );
    this.#world = {
      files,
      home: here.home,
      runtime: () => here.runtime(),
      run: async (command, killAt) => {
        const run = await this.run(command, killAt === undefined ? {} : { FAULT_KILL: killAt });
        if (run.code !== (killAt === undefined ? 0 : -1)) throw failed(command, run);
        return run.stdout;
      },
      remember: (word, text) => void this.#words.set(word, text),
      add: (one) => added.add(one),
    };
  }

  static async open(scenario: Scenario): Promise<Stage> {
    const disposals = new Disposals();
    try {
      const files = await mkdtemp(join(tmpdir(), 'mcpd-crash-'));
      disposals.add({ [Symbol.asyncDispose]: () => rm(files, { recursive: true }) });
      await writeFile(join(files, 'secret'), 'a value');
      // Outlives the homes, which may use it to their end.
      const added = new Disposals();
      disposals.add({ [Symbol.asyncDispose]: () => added.dispose() });
      const start = await unusedPorts(20);
      const pool = ownPool();
      const open = async () =>
        disposals.add(
          await Tenancy.open({
            quarantineHours: 0,
            ports: { start, end: start + 19 },
            subnets: { pool },
            ...scenario.config,
          }),
        );
      const here = await open();
      const homes = scenario.hasOther ? ([here, await open()] as const) : ([here] as const);
      const relay = disposals.add(await Relay.open(files));
      const stage = new Stage(scenario, { homes, pool, files, relay, disposals, added });
      await stage.play(scenario.given);
      return stage;
    } catch (error) {
      await disposals.dispose();
      throw error;
    }
  }

  async play(steps: readonly Step[]): Promise<void> {
    for (const step of steps) {
      await (typeof step === 'string' ? this.#world.run(step) : step(this.#world));
    }
  }

  /** Runs a command; the scenario's own gets its input. */
  run(command: string, faults: Faults = {}): Promise<Run> {
    const [here, other = here] = this.#homes;
    const isOther = command.startsWith('other: ');
    const home = isOther ? other : here;
    const args = (isOther ? command.slice('other: '.length) : command)
      .replaceAll(/\{(\w+)\}/g, (_, word: string) => this.#words.get(word) ?? '')
      .split(' ');
    const isFaulty = Object.keys(faults).length > 0;
    const env = { ...faults, ...this.relay.env, NODE_OPTIONS: `--import ${preload}` };
    const { scenario } = this;
    const input = command === scenario.command ? scenario.input : undefined;
    return (isFaulty ? home.with({ env }) : home).run(args, input ?? 'value');
  }

  /** Runs the command that puts things right in each home; what it said where it failed. */
  async mend(): Promise<readonly string[]> {
    const { mend = 'up', hasOther } = this.scenario;
    const failures: string[] = [];
    for (const command of hasOther ? [mend, `other: ${mend}`] : [mend]) {
      const run = await this.run(command);
      if (run.code !== 0) failures.push(`${command}: ${said(run)}`);
    }
    return failures;
  }

  /** What there is once the engine has done all that it was asked for. */
  async state(): Promise<State> {
    await this.relay.quiet();
    const sights = await Promise.all(this.#homes.map((home) => look(home)));
    const all = { homes: sights.map((sight) => describe(sight)), files: listFiles(this.files) };
    return { world: this.#disguise(all), contradictions: contradictions(sights, this.#pool) };
  }

  /** The same of two stages that are in the same state. */
  #disguise(all: object): unknown {
    const own = ['name', 'issuer', 'own'].flatMap((word) => this.#words.get(word) ?? []);
    return JSON.parse(own.reduce((text, one) => text.replaceAll(one, ''), JSON.stringify(all)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#disposals.dispose();
  }
}

interface Parts {
  readonly homes: readonly [Tenancy, ...Tenancy[]];
  readonly pool: string;
  readonly files: string;
  readonly relay: Relay;
  readonly disposals: Disposals;
  readonly added: Disposals;
}

export function said({ code, stdout, stderr }: Run): string {
  return `exit ${code}: ${(stdout + stderr).trim()}`;
}

function failed(command: string, run: Run): Error {
  return new Error(`mcpd ${command}: ${said(run)}`);
}

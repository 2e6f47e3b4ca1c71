import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../../../src/clock.ts';
import { resolveHome, type Home } from '../../../src/config/home.ts';
import { hostConfigSchema } from '../../../src/config/schema.ts';
import { openRegistry, type OpenOptions, type Registry } from '../../../src/registry/database.ts';
import type { Surroundings } from '../../../src/registry/reservations.ts';
import type { User } from '../../../src/registry/rows.ts';
import { addUser } from '../../../src/registry/users.ts';

/** A home in a folder of its own, removed at the end of the `using` scope. */
export function temporaryHome(): Home & Disposable {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'mcpd-unit-')));
  const root = join(folder, 'home');
  return {
    ...resolveHome({ MCPD_HOME: root }, process.getuid?.() ?? 0),
    runtime: join(folder, 'run'),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}

export interface TemporaryRegistry extends Disposable {
  readonly registry: Registry;
  readonly home: Home;
  readonly clock: MovedClock;
}

/** An open registry of a temporary home that allocates from the start of each range. */
export function temporaryRegistry(options: OpenOptions = {}): TemporaryRegistry {
  const home = temporaryHome();
  const clock = new MovedClock();
  const registry = openRegistry({ ...home, isDefault: true }, { clock, ...options });
  return {
    registry,
    home,
    clock,
    [Symbol.dispose]: () => {
      registry.close();
      home[Symbol.dispose]();
    },
  };
}

class MovedClock implements Clock {
  #now = Date.UTC(2026, 0, 1);

  now(): number {
    return this.#now;
  }

  advanceHours(hours: number): void {
    this.#now += hours * 3_600_000;
  }
}

/** Nothing else on the host, and the default settings. */
export const emptyHost: Surroundings = {
  config: hostConfigSchema.parse({}),
  isPortFree: () => true,
  takenSubnets: [],
  takenUids: [],
};

/** The surroundings with other settings, written as in the settings file. */
export function hostWith(settings: object, more: Partial<Surroundings> = {}): Surroundings {
  return { ...emptyHost, config: hostConfigSchema.parse(settings), ...more };
}

export function add(registry: Registry, name: string, world: Surroundings = emptyHost): User {
  return addUser(registry, { name, limits: {}, egress: { profile: 'public' } }, world);
}

/** What a call threw; fails when it threw nothing. */
export function thrownBy(call: () => unknown): unknown {
  try {
    call();
  } catch (error) {
    return error;
  }
  throw new Error('it threw nothing');
}

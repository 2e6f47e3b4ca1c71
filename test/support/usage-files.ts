import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { resolveHome } from '../../src/config/home.ts';
import { logFolder } from '../../src/reconcile/desired.ts';
import { emptyCounters, encodeUsage, latencyBucket } from '../../src/records/usage.ts';
import { openRegistry } from '../../src/registry/database.ts';
import { getServer } from '../../src/registry/servers.ts';
import { getUser } from '../../src/registry/users.ts';

/** What one server did in one hour. */
export interface UsageEntry {
  /** Hours before the present one. */
  readonly ago: number;
  /** Durations in ms of the calls, by tool or method. */
  readonly calls: Readonly<Record<string, readonly number[]>>;
  readonly errors?: number;
  readonly refusals?: number;
}

/** Writes what bridges write: lines of finished hours, and the hour under way. */
export class UsageFiles {
  readonly #folder: string;

  /** `key` is a `user/server` of the home that the environment names. */
  constructor(env: NodeJS.ProcessEnv, key: string) {
    const [user = '', server = ''] = key.split('/');
    const home = resolveHome(env, process.getuid?.() ?? 0);
    using registry = openRegistry(home);
    const { id } = getUser(registry, user);
    this.#folder = logFolder(home, id, getServer(registry, id, server).id);
    mkdirSync(this.#folder, { recursive: true });
  }

  append(entry: UsageEntry): void {
    appendFileSync(join(this.#folder, 'usage.jsonl'), lineOf(entry));
  }

  now(entry: Omit<UsageEntry, 'ago'>): void {
    writeFileSync(join(this.#folder, 'usage.now'), lineOf({ ...entry, ago: 0 }));
  }
}

function lineOf({ ago, calls, errors = 0, refusals = 0 }: UsageEntry): string {
  const counters = new Map(
    Object.entries(calls).map(([name, durations]) => {
      const one = { ...emptyCounters(), calls: durations.length, bytesIn: 100, bytesOut: 2000 };
      for (const ms of durations) {
        const bucket = latencyBucket(ms);
        one.latency[bucket] = (one.latency[bucket] ?? 0) + 1;
      }
      return [name, { ...one, errors, refusals }] as const;
    }),
  );
  const hour = Math.floor(Date.now() / 3_600_000) - ago;
  const resources = { cpuSeconds: 2.5, memoryPeakBytes: 2 ** 26, oomKills: 1, restarts: 2 };
  return `${encodeUsage({ hour, counters, ...resources })}\n`;
}

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { resolveHome } from '../../src/config/home.ts';
import { hostConfigSchema } from '../../src/config/schema.ts';
import { logFolder } from '../../src/reconcile/desired.ts';
import { emptyCounters, encodeUsage, latencyBucket } from '../../src/records/usage.ts';
import type { Counters, UsageHour } from '../../src/records/usage.ts';
import { openRegistry } from '../../src/registry/database.ts';
import { addServer, listServers } from '../../src/registry/servers.ts';
import { addUser } from '../../src/registry/users.ts';
import { seeded, type Random } from '../fuzz/random.ts';

export interface UsageOptions {
  readonly users: number;
  /** Finished hours of each server; the one under way comes on top. */
  readonly hours: number;
  /** In sum, over all of them. */
  readonly requests: number;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** Writes users with one to three servers into the registry of a home, and what each server did, hour by hour. */
export function fillUsage(root: string, options: UsageOptions): void {
  const home = resolveHome({ MCPD_HOME: root }, process.getuid?.() ?? 0);
  using registry = openRegistry(home);
  registry.transaction(() => addUsers(registry, options.users));
  const servers = listServers(registry);
  const lines = servers.length * (options.hours + 1);
  const currentHour = Math.floor(options.now / 3_600_000);
  const random = seeded(1, 1);
  let line = 0;
  for (const { userId, id } of servers) {
    const folder = logFolder(home, userId, id);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const texts: string[] = [];
    for (let hour = currentHour - options.hours; hour <= currentHour; hour += 1) {
      const share = (count: number) => Math.floor((count * options.requests) / lines);
      texts.push(encodeUsage(usageHour(hour, share(line + 1) - share(line), random)));
      line += 1;
    }
    writeFileSync(join(folder, 'usage.now'), `${texts.pop()}\n`);
    writeFileSync(join(folder, 'usage.jsonl'), texts.map((text) => `${text}\n`).join(''));
  }
}

function addUsers(registry: ReturnType<typeof openRegistry>, count: number): void {
  const isPortFree = () => true;
  const config = hostConfigSchema.parse({ ports: { start: 20_000, end: 49_999 } });
  const world = { config, isPortFree, takenSubnets: [], takenUids: [] };
  for (let index = 0; index < count; index += 1) {
    const request = { name: `user-${index}`, limits: {}, egress: { profile: 'public' as const } };
    const user = addUser(registry, request, world);
    for (const template of ['filesystem', 'memory', 'everything'].slice(0, 1 + (index % 3))) {
      addServer(registry, { user, name: template, template, isPortFree });
    }
  }
}

const tools =
  'read_text_file write_file edit_file list_directory search_files get_file_info create_directory move_file tree';
const methods = [...tools.split(' ').map((name) => `tools/call:${name}`), 'tools/list'];

function usageHour(hour: number, requests: number, random: Random): UsageHour {
  const counters = new Map<string, Counters>();
  for (let request = 0; request < requests; request += 1) {
    const method = random.pick(methods);
    const one = counters.get(method) ?? emptyCounters();
    counters.set(method, one);
    one.calls += 1;
    if (random.chance(0.01)) one.errors += 1;
    else if (random.chance(0.005)) one.refusals += 1;
    one.bytesIn += 100 + random.below(400);
    one.bytesOut += 200 + random.below(20_000);
    const bucket = latencyBucket(0.5 * 2 ** random.below(12));
    one.latency[bucket] = (one.latency[bucket] ?? 0) + 1;
  }
  return {
    hour,
    counters,
    cpuSeconds: random.below(60_000) / 1000,
    memoryPeakBytes: 2 ** 25 + random.below(2 ** 28),
    oomKills: random.chance(0.001) ? 1 : 0,
    restarts: random.chance(0.01) ? 1 : 0,
  };
}

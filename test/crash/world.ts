import { createHash } from 'node:crypto';
import { existsSync, lstatSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { createDockerEngine } from '../../src/engine/docker/engine.ts';
import { bridgeName } from '../../src/firewall/bridge.ts';
import { systemNft } from '../../src/firewall/nft.ts';
import { firewallState } from '../../src/firewall/state.ts';
import type { Observed } from '../../src/reconcile/observed.ts';
import { systemVolumes } from '../../src/storage/volumes.ts';
import { surveyVolumes } from '../../src/storage/survey.ts';
import { resolveHome } from '../../src/config/home.ts';
import type { Tenancy } from '../support/tenancy.ts';
import { readRows } from '../support/snapshot.ts';

export type Row = Readonly<Record<string, string | number | null>>;

/** All that a home has: in the registry, on the engine, in the firewall, on the host. */
export interface Sight {
  readonly home: string;
  readonly runtime: string;
  readonly rows: Readonly<Record<string, readonly Row[]>>;
  readonly observed: Observed;
  /** Bridge → profile, of all homes. */
  readonly firewall: ReadonlyMap<string, string>;
  readonly devices: readonly string[];
  /** Folders of this home that something is mounted on. */
  readonly mounted: readonly string[];
  readonly unmountedDevices: readonly string[];
}

const nothing: Observed = { networks: [], servers: [] };

export async function look(tenancy: Tenancy): Promise<Sight> {
  const { home, env } = tenancy;
  const isThere = existsSync(join(home, 'registry.db'));
  const rows = isThere ? (readRows(tenancy) as Sight['rows']) : {};
  const instance = rows['meta']?.find(({ key }) => key === 'instance')?.['value'];
  const [observed, { tenants }, volumes, mounts] = await Promise.all([
    instance === undefined ? nothing : observe(env, String(instance)),
    firewallState(systemNft(env), process.getuid?.() ?? 0),
    surveyVolumes(resolveHome(env, 0), env),
    systemVolumes({ env }).mounts(),
  ]);
  return {
    home,
    runtime: join(resolveHome(env, 0).runtime, String(instance)),
    rows,
    observed,
    firewall: tenants,
    devices: readdirSync('/sys/class/net'),
    mounted: mounts.map(({ folder }) => folder).filter((folder) => folder.startsWith(home)),
    unmountedDevices: volumes.unmountedDevices,
  };
}

async function observe(env: NodeJS.ProcessEnv, instance: string): Promise<Observed> {
  const engine = await createDockerEngine(env, { pingMs: 10_000, answerMs: 60_000 });
  return engine.observe({ instance });
}

/** What a sight means, without ids, times and addresses: equal of two homes in the same state. */
export function describe(sight: Sight): unknown {
  const { home, rows } = sight;
  const config = JSON.parse(textOf(join(home, 'config.json')) ?? '{}') as object;
  return {
    // Ports and subnets are this home's own.
    settings: { ...config, ports: undefined, subnets: undefined },
    groups: of(sight, 'groups').map(({ name, policy }) => ({ name, policy })),
    users: of(sight, 'users').map((user) => describeUser(sight, user)),
    quarantine: (rows['quarantine'] ?? []).map(({ kind }) => kind),
  };
}

function describeUser(sight: Sight, user: Row) {
  const groups = of(sight, 'groups');
  const own = (table: string) => of(sight, table).filter(({ user_id: id }) => id === user['id']);
  return {
    name: user['name'],
    down: user['down'],
    limits: user['limits'],
    egress: user['egress'],
    policy: user['policy'],
    group: groups.find(({ id }) => id === user['group_id'])?.['name'] ?? null,
    ends: user['expires_at'] !== null,
    workspace: describeFolder(String(user['workspace'])),
    isMounted: sight.mounted.includes(String(user['workspace'])),
    secrets: own('secrets').map(({ name }) => name),
    // Those that are over are history, of which a repeated command makes more.
    tokens: own('tokens')
      .filter(isLive)
      .map((token) => `${token['name']} ${token['scopes']}`)
      .toSorted(),
    networks: sight.observed.networks.filter(({ userId }) => userId === user['id']).length,
    firewall: sight.firewall.get(bridgeName(String(user['subnet']))),
    servers: own('servers').map((server) => describeServer(sight, server)),
  };
}

function describeServer({ observed, runtime, rows }: Sight, server: Row) {
  const folder = join(runtime, String(server['id']));
  const tokens = (rows['tokens'] ?? []).filter(
    (token) => token['user_id'] === server['user_id'] && isLive(token),
  );
  const live = new Set([server['id'], ...tokens.map(({ id }) => id)]);
  return {
    name: server['name'],
    desired: server['desired'],
    settled: server['settled'],
    command: commandOf(server),
    containers: observed.servers
      .filter(({ serverId }) => serverId === server['id'])
      .map(({ state, limits }) => ({ state, limits })),
    files: describeFolder(folder),
    policy: textOf(join(folder, 'policy.json')),
    // Of the tokens that the bridge accepts, those that it should not, and the other way round.
    tokens: differences(live, idsIn(textOf(join(folder, 'tokens.json')))),
  };
}

/** Of the version that it was ready with last. */
function commandOf({ version }: Row): unknown {
  if (typeof version !== 'string') return undefined;
  return (JSON.parse(version) as { template: { command: unknown } }).template.command;
}

function isLive(token: Row): boolean {
  return token['revoked_at'] === null && Number(token['expires_at'] ?? Infinity) > Date.now();
}

function differences(wanted: ReadonlySet<unknown>, present: ReadonlySet<unknown>): unknown[] {
  return [...wanted.symmetricDifference(present)].map((id) =>
    wanted.has(id) ? 'one that is not accepted' : 'one too many',
  );
}

function idsIn(text: string | undefined): Set<unknown> {
  return new Set(text?.match(/\b[st][a-z2-7]{10}\b/g) ?? []);
}

function textOf(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}

/** Names and modes of what commands made beside the home. */
export function listFiles(folder: string): readonly string[] {
  // A draft that a killed command left beside a file of its caller's is nobody's to remove.
  const names = readdirSync(folder, { recursive: true }).map(String);
  return names
    .filter((name) => !basename(name).startsWith('.'))
    .toSorted()
    .map((name) => `${name} ${(lstatSync(join(folder, name)).mode & 0o7777).toString(8)}`);
}

/** Names, modes and the content of small files; undefined when it isn't there. */
function describeFolder(folder: string): readonly string[] | undefined {
  if (!existsSync(folder)) return undefined;
  const names = readdirSync(folder, { recursive: true }).map(String);
  return ['', ...names].toSorted().map((name) => {
    const stat = lstatSync(join(folder, name));
    const mode = (stat.mode & 0o7777).toString(8);
    if (!stat.isFile() || name.endsWith('.json')) return `${name} ${mode}`;
    const hash = createHash('sha256').update(readFileSync(join(folder, name)));
    return `${name} ${mode} ${hash.digest('hex').slice(0, 8)}`;
  });
}

export function of({ rows }: Sight, table: string): readonly Row[] {
  const nameOf = ({ name, id }: Row) => `${name} ${id}`;
  return (rows[table] ?? []).toSorted((a, b) => nameOf(a).localeCompare(nameOf(b)));
}

import type { HostConfig } from '../config/schema.ts';
import type { Context } from '../context.ts';
import type { EngineInfo } from '../engine/engine.ts';
import { McpdError } from '../errors.ts';
import type { EngineRules } from '../firewall/engine-rules.ts';
import { networkDevices } from '../firewall/firewall.ts';
import { systemNft } from '../firewall/nft.ts';
import { seeEngineRules } from '../firewall/see-engine-rules.ts';
import { firewallState, type FirewallState } from '../firewall/state.ts';
import { fileSystemOf, type FileSystem } from '../host/file-system.ts';
import { readRoutes, type Route } from '../host/routes.ts';
import { readIssuerKeys, type IssuerKeys } from '../oidc/keys.ts';
import type { Observed } from '../reconcile/observed.ts';
import { staleFolders } from '../reconcile/sweep.ts';
import type { Server, User } from '../registry/rows.ts';
import { listServers } from '../registry/servers.ts';
import { listUsers } from '../registry/users.ts';
import { surveyVolumes, type VolumeOverview } from '../storage/survey.ts';
import { serversBehind } from '../upgrade/behind.ts';

/** What the engine says of itself, and how far its clock is from this host's. */
export interface EngineFacts {
  readonly info: EngineInfo;
  /** All that containers can be given. */
  readonly processors: string;
  readonly observed: Observed;
  readonly rules: EngineRules;
  /** Servers that are not of their newest version. */
  readonly behind: readonly string[];
  /** Milliseconds; positive when the engine is ahead. */
  readonly clockSkewMs: number;
}

/** Everything that the checks judge; nothing is looked up after this. */
export interface Facts {
  readonly now: number;
  readonly uid: number;
  readonly config: HostConfig;
  readonly users: readonly User[];
  readonly servers: readonly Server[];
  readonly engine: EngineFacts | McpdError;
  readonly firewall: FirewallState;
  /** Network devices of this host. */
  readonly devices: readonly string[];
  readonly routes: readonly Route[];
  readonly runtime: { readonly path: string; readonly fileSystem: FileSystem | undefined };
  /** Run-time folders whose server or user is not in the registry. */
  readonly staleFolders: readonly string[];
  /** Of the trusted issuer; undefined: none were ever fetched. */
  readonly issuerKeys: IssuerKeys | undefined;
  /** File systems of workspaces. */
  readonly volumes: VolumeOverview;
  readonly disks: readonly { readonly path: string; readonly fileSystem: FileSystem }[];
}

/** Looks at the registry, the engine and the host. Changes nothing; a missing engine is a fact too. */
export async function gatherFacts(context: Context): Promise<Facts> {
  const { registry, home, config, clock, uid, env } = context;
  const engine = await askEngine(context);
  const dataRoot = engine instanceof McpdError ? [] : [engine.info.dataRoot];
  return {
    now: clock.now(),
    uid,
    config,
    users: listUsers(registry),
    servers: listServers(registry),
    engine,
    firewall: await firewallState(systemNft(env), uid),
    devices: await networkDevices(),
    routes: readRoutes(),
    runtime: { path: home.runtime, fileSystem: await fileSystemOf(home.runtime) },
    staleFolders: staleFolders(context),
    issuerKeys: readIssuerKeys(home, config.oidc.issuer),
    volumes: await surveyVolumes(home, context.env),
    disks: await readDisks([home.root, ...dataRoot]),
  };
}

async function askEngine(context: Context): Promise<EngineFacts | McpdError> {
  const { registry, clock } = context;
  try {
    const engine = await context.engine();
    const before = clock.now();
    const info = await engine.info();
    const between = (before + clock.now()) / 2;
    const observed = await engine.observe({ instance: registry.instance });
    const [processors, rules, behind] = await Promise.all([
      engine.processors(),
      seeEngineRules(context, info.firewallBackend),
      serversBehind(context, engine),
    ]);
    return {
      info,
      processors,
      observed,
      rules,
      behind,
      clockSkewMs: Math.round(Date.parse(info.systemTime) - between),
    };
  } catch (error) {
    if (error instanceof McpdError) return error;
    throw error;
  }
}

async function readDisks(paths: readonly string[]) {
  const disks = await Promise.all(
    paths.map(async (path) => ({ path, fileSystem: await fileSystemOf(path) })),
  );
  // A remote engine's folder is not here.
  return disks.flatMap(({ path, fileSystem }) => (fileSystem ? [{ path, fileSystem }] : []));
}

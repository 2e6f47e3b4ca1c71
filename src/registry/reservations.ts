import { counted } from '../counted.ts';
import type { HostConfig } from '../config/schema.ts';
import { ConflictError } from '../errors.ts';
import {
  allocatePortBlock,
  allocateSubnet,
  allocateUid,
  isBlockFree,
  isSubnetFree,
  isUidFree,
  type Interval,
  type PortBlock,
} from './allocation.ts';
import type { Registry } from './database.ts';
import { instanceNumber } from './ids.ts';
import { findRetainedUid, listQuarantined, parseBlock, type Quarantined } from './quarantine.ts';

/** What was observed of the host before the transaction. */
export interface Surroundings {
  readonly config: Pick<HostConfig, 'ports' | 'subnets' | 'uids'>;
  readonly isPortFree: (port: number) => boolean;
  /** CIDRs of the host's routes and of all networks of the engine. */
  readonly takenSubnets: readonly string[];
  /** Uids of accounts, and those they may act as. */
  readonly takenUids: readonly Interval[];
}

interface SubnetQuestion extends Pick<Surroundings, 'config' | 'takenSubnets'> {
  /** Taken if nobody has it. */
  readonly former?: string | undefined;
}

/** A subnet nobody has. `taken` are the registry's own. Throws ConflictError SUBNETS_EXHAUSTED. */
export function chooseSubnet(
  registry: Registry,
  taken: readonly string[],
  { config, takenSubnets, former }: SubnetQuestion,
): string {
  const { pool, prefix } = config.subnets;
  const others = [...taken, ...takenSubnets];
  if (former !== undefined && isSubnetFree(former, { pool, taken: others })) return former;
  const offset = startingPoint(registry);
  const subnet = allocateSubnet({ pool, prefix, offset, taken: others });
  if (subnet !== undefined) return subnet;
  throw exhausted('SUBNETS_EXHAUSTED', `No free /${prefix} subnet is left in ${pool}.`, [
    'mcpd config set subnets.pool RANGE, with a larger IPv4 range that no route of this host uses',
    'mcpd user remove NAME frees a subnet, after quarantineHours',
  ]);
}

export interface Taken {
  readonly names: ReadonlySet<string>;
  readonly workspaces: readonly string[];
  readonly uids: ReadonlySet<number>;
  readonly retained: readonly Quarantined[];
  readonly blocks: readonly PortBlock[];
  readonly subnets: string[];
}

/** What users have and removed users had. */
export function readTaken(registry: Registry): Taken {
  const users = registry.db
    .prepare('SELECT name, workspace, uid, port_start, port_end, subnet FROM users')
    .all();
  const retained = listQuarantined(registry);
  const values = (kind: Quarantined['kind']): string[] =>
    retained.filter((entry) => entry.kind === kind).map((entry) => entry.value);
  return {
    names: new Set(users.map((row) => row['name'] as string)),
    workspaces: users.map((row) => row['workspace'] as string),
    uids: new Set(users.map((row) => row['uid'] as number)),
    retained,
    blocks: [
      ...users.map((row) => ({
        start: row['port_start'] as number,
        end: row['port_end'] as number,
      })),
      ...values('ports').map(parseBlock),
    ],
    subnets: [...users.map((row) => row['subnet'] as string), ...values('subnet')],
  };
}

interface PortsQuestion extends Surroundings {
  /** Taken if nobody has it. */
  readonly former?: PortBlock | undefined;
}

/** A block of ports nobody has, with at least one free. Throws ConflictError PORTS_EXHAUSTED. */
export function choosePorts(registry: Registry, taken: Taken, world: PortsQuestion): PortBlock {
  const { start, end, perUser } = world.config.ports;
  const { former } = world;
  if (former && isBlockFree(former, { range: { start, end }, taken: taken.blocks })) return former;
  const block = allocatePortBlock({
    range: { start, end },
    size: perUser,
    taken: taken.blocks,
    offset: startingPoint(registry),
    isPortFree: world.isPortFree,
  });
  if (block) return block;
  throw exhausted(
    'PORTS_EXHAUSTED',
    `No block of ${counted(perUser, 'port')} is left in ${start}–${end}.`,
    [
      'mcpd config set ports.end PORT (or ports.start), for a wider range',
      'mcpd user remove NAME frees a block, after quarantineHours',
    ],
  );
}

interface UidQuestion {
  readonly taken: Taken;
  readonly world: Surroundings;
  /** Asked for. */
  readonly uid?: number | undefined;
  readonly sharedUid?: boolean | undefined;
  readonly adoptUid?: number | undefined;
  /** Taken if nobody has it. */
  readonly former?: number | undefined;
  readonly workspace: string;
}

/**
 * The uid asked for, the workspace's former one, or one nobody has. Throws ConflictError (UID_TAKEN,
 * UIDS_EXHAUSTED).
 */
export function chooseUid(registry: Registry, question: UidQuestion): number {
  const { taken, world, uid, sharedUid, adoptUid, workspace } = question;
  if (uid !== undefined) {
    if (taken.uids.has(uid) && sharedUid !== true) throw uidTaken(registry, uid);
    return uid;
  }
  if (adoptUid !== undefined && !taken.uids.has(adoptUid)) {
    if (findRetainedUid(registry, { uid: adoptUid, path: workspace })) return adoptUid;
  }
  const { start, end } = world.config.uids;
  const retained = taken.retained.filter((entry) => entry.kind === 'uid');
  const others = [
    ...[...taken.uids, ...retained.map(({ value }) => Number(value))].map(justOne),
    ...world.takenUids,
  ];
  const range = { start, end };
  const { former } = question;
  if (former !== undefined && isUidFree(former, { range, taken: others })) {
    return former;
  }
  const offset = startingPoint(registry);
  const allocated = allocateUid({ range, taken: others, barred: world.takenUids, offset });
  if (allocated !== undefined) return allocated;
  throw exhausted('UIDS_EXHAUSTED', `No free uid is left in ${start}–${end}.`, [
    'mcpd config set uids.end UID, for a wider range',
    'mcpd user remove NAME --purge frees a uid, after quarantineHours',
  ]);
}

function justOne(uid: number): Interval {
  return { first: uid, last: uid };
}

/** Homes other than the machine's default begin elsewhere, so that parallel ones rarely collide. */
function startingPoint(registry: Registry): number {
  return registry.home.isDefault ? 0 : instanceNumber(registry.instance);
}

function uidTaken(registry: Registry, uid: number): ConflictError {
  const owner = registry.db.prepare('SELECT name FROM users WHERE uid = ?').get(uid);
  return new ConflictError(`The uid ${uid} is already the user "${String(owner?.['name'])}"'s.`, {
    code: 'UID_TAKEN',
    suggestions: ['Choose another account for --os-user, or leave it out to get a uid of its own.'],
  });
}

function exhausted(code: string, message: string, suggestions: string[]): ConflictError {
  return new ConflictError(message, { code, suggestions });
}

import { join } from 'node:path';
import { admitted } from '../admission/admit.ts';
import type { Context } from '../context.ts';
import { setInstance } from '../registry/database.ts';
import { quarantine } from '../registry/quarantine.ts';
import { chooseUid, readTaken } from '../registry/reservations.ts';
import { listUsers } from '../registry/users.ts';
import { putSecret, sealSecret, type SealedSecret } from '../secrets/vault.ts';
import { withUserLease } from '../user/lease.ts';
import type { RestorePlan } from './plan-restore.ts';
import type { Read } from './read-archive.ts';
import { writeRows, type Newcomer, type Restored } from './register.ts';
import { openStaging, restoreLease, type Staging } from './staging.ts';
import { keepIdentity, requireUnused } from './take-over.ts';
import { unpackUsers, type Settler } from './unpack-users.ts';

interface Carrying {
  readonly members: AsyncIterable<Read>;
  readonly notice: (path: string, what: string) => void;
}

/**
 * Unpacks the files, and when all of the backup turned out to be good moves them into place and writes all
 * rows in one transaction. Killed before that, it leaves nothing that the next restore doesn't take away;
 * after it, `up` does the rest.
 */
export function carryOutRestore(plan: RestorePlan, carrying: Carrying): Promise<Restored[]> {
  const { context } = plan.succession;
  return withUserLease(context, restoreLease, async () => {
    const { registry, home } = context;
    const isUser = (id: string) => listUsers(registry).some((user) => user.id === id);
    const staging = openStaging(home, isUser);
    const ids = plan.newcomers.map(({ id }) => id);
    try {
      return await unpackAndWrite(plan, staging, carrying);
    } finally {
      staging.settle(ids);
    }
  });
}

async function unpackAndWrite(
  plan: RestorePlan,
  staging: Staging,
  { members, notice }: Carrying,
): Promise<Restored[]> {
  const { manifest, succession, groups, templates, inUse } = plan;
  const { context, takesOver } = succession;
  const { registry, home } = context;
  const settlers = reserveUids(plan, staging);
  await unpackUsers(context, members, { staging, settlers, audit: takesOver, notice });
  const secrets = await sealSecrets(context, plan.newcomers);
  if (takesOver) requireUnused(context, manifest);
  if (takesOver && manifest.identity) await keepIdentity(context, manifest.identity);
  const newcomers = settlers.map(({ newcomer }) => newcomer);
  const change = () => {
    if (takesOver) requireUnused(context, manifest);
    if (takesOver) setInstance(registry, manifest.instance);
    const restored = writeRows(context, { newcomers, groups, inUse });
    // Behind the rows, which say in plain words when another restore was quicker.
    for (const { id } of newcomers) staging.publish(id);
    for (const secret of secrets) putSecret(registry, secret);
    if (takesOver) staging.publishAudit(home.audit);
    return restored;
  };
  return admitted(context, { change, templates });
}

/** Files are given away before their owner has a row: until then the uid is withheld from everybody. */
function reserveUids(plan: RestorePlan, staging: Staging): Settler[] {
  const { context } = plan.succession;
  const { registry, config, clock } = context;
  const { listeners: _listeners, subnets: takenSubnets, uids: takenUids } = plan.inUse;
  const world = { config, isPortFree: () => true, takenSubnets, takenUids };
  return registry.transaction(() =>
    plan.rehearsed.map(({ newcomer, user }) => {
      if (newcomer.uid) return { newcomer, owner: newcomer.uid };
      const taken = readTaken(registry);
      // Before the folder is there: what a killed restore of this user withheld for it is free again.
      const workspace = join(staging.folder, newcomer.id);
      const uid = chooseUid(registry, { taken, world, workspace, former: user.uid });
      const until = clock.now();
      const folder = staging.userFolder(newcomer.id);
      quarantine(registry, { kind: 'uid', value: String(uid), until, path: folder });
      return { newcomer: { ...newcomer, reservedUid: uid }, owner: { uid, gid: uid } };
    }),
  );
}

async function sealSecrets(
  context: Context,
  newcomers: readonly Newcomer[],
): Promise<readonly SealedSecret[]> {
  const sealing = newcomers.flatMap(({ id, backup }) =>
    backup.secrets.map((secret) => sealSecret(context, { user: { id }, ...secret })),
  );
  return Promise.all(sealing);
}

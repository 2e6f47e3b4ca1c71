import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { admitted } from '../admission/admit.ts';
import { permit } from '../admission/permit.ts';
import type { Context } from '../context.ts';
import { requireEnforceable } from '../firewall/protect.ts';
import { egressText } from '../policy/egress.ts';
import { toOverrides } from '../policy/limits.ts';
import { splitPolicy } from '../policy/of-user.ts';
import { listGroups } from '../registry/groups.ts';
import type { Approval } from '../registry/rows.ts';
import { listUsers } from '../registry/users.ts';
import { requireEnforceableStorage } from '../storage/enforceable.ts';
import { findTemplate } from '../templates/catalog.ts';
import type { Template } from '../templates/schema.ts';
import { requireBelowMaximum } from '../user/preconditions.ts';
import { readInUse, type InUse } from '../user/register.ts';
import {
  chooseUsers,
  requireRoomFor,
  requireSomebody,
  type Choice,
  type Chosen,
} from './choose.ts';
import type { Manifest } from './manifest.ts';
import { identify, writeRows, type Newcomer, type Restored } from './register.ts';
import { succeed, type Succession } from './take-over.ts';

export interface RestorePlan {
  readonly manifest: Manifest;
  readonly succession: Succession;
  readonly newcomers: readonly Newcomer[];
  readonly groups: Manifest['groups'];
  readonly expired: readonly string[];
  readonly templates: ReadonlyMap<string, Template>;
  readonly inUse: InUse;
  /** What the rows would be now. */
  readonly rehearsed: readonly Restored[];
}

export interface PlanRequest extends Omit<Choice, 'now'> {
  /** Why users may have templates that are too risky for them and not approved in the backup. */
  readonly approval?: string | undefined;
  /** They leave the home of the backup, which is on this host: what they are stays theirs. */
  readonly isMove?: boolean;
}

/**
 * Decides what a restore does, and writes nothing. Throws whatever would keep it from being done:
 * conflicts, templates that aren't here, what can't be enforced, policies and memory.
 */
export async function planRestore(
  outer: Context,
  manifest: Manifest,
  { approval, isMove = false, ...choice }: PlanRequest,
): Promise<RestorePlan> {
  const isWhole = choice.names.length === 0 && choice.as === undefined;
  const succession = await succeed(outer, manifest, { isWhole });
  const { context } = succession;
  const { registry, home, clock } = context;
  const choosing = chooseUsers(manifest, { ...choice, now: clock.now() });
  requireSomebody(choosing);
  const { chosen, expired } = choosing;
  const groups = requireRoomFor(
    manifest,
    { chosen, isWhole },
    {
      users: new Set(listUsers(registry).map(({ name }) => name)),
      groups: new Map(listGroups(registry).map(({ name, policy }) => [name, policy])),
    },
  );
  const inUse = await readInUse(context);
  const templates = await findTemplates(context, chosen);
  const permitted = await Promise.all(
    chosen.map(async (one) => ({
      ...one,
      approvals: await permitUser(context, one, { manifest, templates, approval }),
    })),
  );
  const ids = new Set(listUsers(registry).map(({ id }) => id));
  const isIdFree = (id: string) => !ids.has(id) && !existsSync(join(home.users, id));
  const newcomers = await Promise.all(
    permitted.map((one) => identify(context, one, { succession, isMove, isIdFree })),
  );
  const change = () => writeRows(context, { newcomers, groups, inUse });
  const rehearsed = await admitted(context, { change, templates, rehearsal: true });
  return { manifest, succession, newcomers, groups, expired, templates, inUse, rehearsed };
}

async function findTemplates({ assets }: Context, chosen: readonly Chosen[]) {
  const references = chosen.flatMap(({ backup }) => backup.servers.map(({ template }) => template));
  const found = [...new Set(references)].map(
    async (reference) => [reference, await findTemplate(reference, assets)] as const,
  );
  return new Map(await Promise.all(found));
}

interface Surroundings {
  readonly manifest: Manifest;
  readonly templates: ReadonlyMap<string, Template>;
  readonly approval: string | undefined;
}

/** As for a user who is added: an approval in the backup stands for its template. Gives all approvals. */
async function permitUser(
  context: Context,
  { backup, name }: Chosen,
  { manifest, templates, approval }: Surroundings,
): Promise<readonly Approval[]> {
  const { own } = backup;
  if (own.egress !== undefined) requireEnforceable(context, egressText.parse(own.egress));
  if (own.storage) requireEnforceableStorage(context, undefined);
  requireBelowMaximum(context.config, own);
  const approved = new Set(backup.approvals.map(({ template }) => template));
  const policy = manifest.groups.find((group) => group.name === backup.group)?.policy;
  const group = policy && { id: '', name: backup.group ?? '', policy, createdAt: 0 };
  const subject = { ...splitPolicy(own), limits: toOverrides(own), group: group ?? null };
  const given = backup.servers.flatMap(({ template: reference }) => {
    const template = templates.get(reference);
    return template && !approved.has(reference) ? [[reference, template] as const] : [];
  });
  const permitted = await permit(context, {
    userName: name,
    subject,
    templates: new Map(given),
    reason: approval,
  });
  return [...backup.approvals, ...permitted];
}

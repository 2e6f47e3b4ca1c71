import { resolve } from 'node:path';
import { permit } from '../admission/permit.ts';
import type { Context } from '../context.ts';
import { NotFoundError } from '../errors.ts';
import { isRiskier } from '../policy/policy.ts';
import { isWanted } from '../reconcile/desired.ts';
import { newestVersion, type Sources } from '../reconcile/inputs.ts';
import { listApprovals } from '../registry/approvals.ts';
import type { Server, User } from '../registry/rows.ts';
import { listServers } from '../registry/servers.ts';
import { keptVersion, type Version } from '../registry/versions.ts';
import { messageOf } from '../user/each.ts';
import { chooseUpgrade } from './choose.ts';
import { versionLabel } from './label.ts';
import type { UpgradeRow } from './result.ts';

/** One server, and what is to become of it. */
export interface Planned {
  readonly user: User;
  readonly server: Server;
  readonly row: UpgradeRow;
  /** What it would be made from; undefined where that can't be found out. */
  readonly newest?: Version;
}

interface Which {
  readonly users: readonly User[];
  /** Catalog name or folder; undefined: any. */
  readonly template: string | undefined;
  readonly sources: Sources;
}

/**
 * What there is to upgrade; why not, where something stands in the way. Throws NotFoundError when no
 * server is made from the template that is named.
 */
export function planUpgrades(
  context: Context,
  { users, template, sources }: Which,
): Promise<readonly Planned[]> {
  const named = template === undefined ? undefined : new Set([template, resolve(template)]);
  const planned = users.flatMap((user) =>
    listServers(context.registry, user.id)
      .filter((server) => named === undefined || named.has(server.template))
      .map(async (server) => ({
        user,
        server,
        ...(await planOne(context, sources, user, server)),
      })),
  );
  if (template !== undefined && planned.length === 0) {
    throw new NotFoundError(`None of their servers is made from ${template}.`, {
      code: 'SERVER_NOT_FOUND',
      suggestions: ['mcpd server list', 'mcpd template list'],
    });
  }
  return Promise.all(planned);
}

async function planOne(
  context: Context,
  sources: Sources,
  user: User,
  server: Server,
): Promise<Pick<Planned, 'row' | 'newest'>> {
  const current = keptVersion(context.registry, server.id);
  const row = {
    server: `${user.name}/${server.name}`,
    from: current ? versionLabel(current) : null,
  };
  try {
    const newest = await newestVersion(sources, server);
    const wanted = isWanted(user, context.clock.now());
    const outcome = chooseUpgrade({ server, wanted, current, newest });
    if (outcome === 'due') await requirePermitted(context, { user, server, current, newest });
    return { row: { ...row, outcome, to: versionLabel(newest), problem: null }, newest };
  } catch (error) {
    return { row: { ...row, outcome: 'failed', to: null, problem: messageOf(error) } };
  }
}

interface Change {
  readonly user: User;
  readonly server: Server;
  readonly current: Version | undefined;
  readonly newest: Version;
}

/** A template that became riskier is asked for anew. */
async function requirePermitted(
  context: Context,
  { user, server, current, newest: { template } }: Change,
): Promise<void> {
  const { riskLevel } = template;
  if (current && !isRiskier(riskLevel, current.template.riskLevel)) return;
  const isApproved = listApprovals(context.registry, user.id).some(
    (approval) => approval.template === server.template && !isRiskier(riskLevel, approval.risk),
  );
  if (isApproved) return;
  await permit(context, {
    userName: user.name,
    subject: user,
    templates: new Map([[server.template, template]]),
    reason: undefined,
  });
}

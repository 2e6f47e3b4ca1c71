import { realpath } from 'node:fs/promises';
import { isDeepStrictEqual } from 'node:util';
import type { Context } from '../context.ts';
import { ConflictError } from '../errors.ts';
import { formatBytes, parseBytes } from '../policy/bytes.ts';
import { ownPolicy } from '../policy/of-user.ts';
import type { Policy } from '../policy/policy.ts';
import type { User } from '../registry/rows.ts';
import { listServers } from '../registry/servers.ts';
import { readSecrets } from '../secrets/vault.ts';
import type { Template } from '../templates/schema.ts';
import type { AddRequest } from './add-request.ts';

interface Same {
  readonly request: AddRequest;
  readonly user: User;
  readonly templates: readonly Template[];
}

/** Throws a ConflictError naming what differs, with the command that would change it. */
export async function confirmSame(context: Context, { request, user, templates }: Same) {
  const differences = [
    ...differingSettings(request, user),
    ...(await differingWorkspace(request, user)),
    ...missingServers(context, request, user, templates),
    ...(await differingSecrets(context, request, user)),
  ];
  if (differences.length === 0) return;
  throw new ConflictError(
    `${user.name} exists, but not as asked: ${differences.map(({ what }) => what).join(', ')}.`,
    { code: 'USER_EXISTS', suggestions: [...new Set(differences.map(({ mend }) => mend))] },
  );
}

interface Difference {
  readonly what: string;
  readonly mend: string;
}

function differingSettings(request: AddRequest, user: User): Difference[] {
  const { memory: memoryBytes, cpus, cpuset, pids, storage, egress, ...policy } = request.own;
  const update = `mcpd user update ${user.name}`;
  const recreate = `mcpd user remove ${user.name}, then add it again`;
  const differences: Difference[] = [];
  const compare = (what: string, asked: unknown, present: unknown, mend: string) => {
    if (asked !== undefined && asked !== present) differences.push({ what, mend });
  };
  const memory = `${update} --memory ${exactSize(memoryBytes)}`;
  compare('memory', memoryBytes, user.limits.memoryBytes, memory);
  compare('cpus', cpus, user.limits.cpus, `${update} --cpus ${cpus}`);
  compare('cpuset', cpuset, user.policy.cpuset, `${update} --cpuset ${cpuset}`);
  compare('pids', pids, user.limits.pids, `${update} --pids ${pids}`);
  compare('storage', storage, user.policy.storage, `${update} --storage ${exactSize(storage)}`);
  compare('egress', egress, ownPolicy(user).egress, `${update} --egress ${egress}`);
  compare('group', request.group, user.group?.name, `${update} --group ${request.group}`);
  for (const [key, asked] of Object.entries(policy)) {
    if (isDeepStrictEqual(asked, user.policy[key as keyof Policy])) continue;
    differences.push({ what: key, mend: `${update} --help says how to change it` });
  }
  compare('run id', request.runId, user.runId, recreate);
  compare('OS user', request.osUser, user.osUser, recreate);
  return differences;
}

// In bytes when the short form would be rounded.
function exactSize(bytes = 0): string {
  const size = formatBytes(bytes);
  return parseBytes(size) === bytes ? size : String(bytes);
}

// The registry has the real path; what is typed may have links in it, or a slash at its end.
async function differingWorkspace({ workspace }: AddRequest, user: User): Promise<Difference[]> {
  if (workspace === undefined) return [];
  const real = await realpath(workspace).catch(() => workspace);
  if (real === user.workspace) return [];
  return [{ what: 'workspace', mend: `mcpd user remove ${user.name}, then add it again` }];
}

function missingServers(
  { registry }: Context,
  request: AddRequest,
  user: User,
  templates: readonly Template[],
): Difference[] {
  if (!request.templates) return [];
  const names = new Set(listServers(registry, user.id).map(({ name }) => name));
  return templates
    .filter(({ name }) => !names.has(name))
    .map(({ name }) => ({
      what: `no server ${name}`,
      mend: `mcpd server add ${user.name}/${name}`,
    }));
}

async function differingSecrets(
  context: Context,
  { secrets }: AddRequest,
  user: User,
): Promise<Difference[]> {
  if (secrets.size === 0) return [];
  const stored = await readSecrets(context, { user, names: [...secrets.keys()] });
  return [...secrets]
    .filter(([name, value]) => stored.has(name) && stored.get(name) !== value)
    .map(([name]) => ({ what: `secret ${name}`, mend: `mcpd secret set ${user.name} ${name}` }));
}

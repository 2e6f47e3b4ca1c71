import type { Context } from '../context.ts';
import { ConflictError } from '../errors.ts';
import { formatEgress } from '../policy/egress.ts';
import type { User } from '../registry/rows.ts';
import { listServers } from '../registry/servers.ts';
import { readSecrets } from '../secrets/vault.ts';
import type { Template } from '../templates/schema.ts';
import type { AddRequest } from './add.ts';

interface Same {
  readonly request: AddRequest;
  readonly user: User;
  readonly templates: readonly Template[];
}

/** Throws a ConflictError naming what differs, with the command that would change it. */
export async function confirmSame(context: Context, { request, user, templates }: Same) {
  const differences = [
    ...differingSettings(request, user),
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
  const differences: Difference[] = [];
  const update = `mcpd user update ${user.name} …`;
  const recreate = `mcpd user remove ${user.name}, then add it again`;
  for (const key of ['memoryBytes', 'cpus', 'pids'] as const) {
    const asked = request.limits[key];
    if (asked !== undefined && asked !== user.limits[key])
      differences.push({ what: key, mend: update });
  }
  if (request.egress && formatEgress(request.egress) !== formatEgress(user.egress)) {
    differences.push({ what: 'egress', mend: update });
  }
  if (request.osUser !== undefined && request.osUser !== user.osUser) {
    differences.push({ what: 'OS user', mend: recreate });
  }
  if (request.workspace !== undefined && request.workspace !== user.workspace) {
    differences.push({ what: 'workspace', mend: recreate });
  }
  return differences;
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

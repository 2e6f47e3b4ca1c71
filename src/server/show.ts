import type * as z from 'zod';
import type { Context } from '../context.ts';
import { lookAtEngine, lookAtServers } from '../observe/look.ts';
import { selectServers } from '../observe/selection.ts';
import { limitsOf } from '../policy/of-user.ts';
import { containersByServer } from '../reconcile/observed.ts';
import { getServer } from '../registry/servers.ts';
import { getUser } from '../registry/users.ts';
import { listSecrets } from '../secrets/vault.ts';
import { templateOf } from '../templates/of-server.ts';
import type { Template } from '../templates/schema.ts';
import { describeUserAndServers } from '../user/describe.ts';
import { describeServer, type serverListResult, type serverShowResult } from './result.ts';

export async function showServer(
  context: Context,
  { userName, serverName }: { userName: string; serverName: string },
): Promise<z.infer<typeof serverShowResult>> {
  const { registry, config } = context;
  const user = getUser(registry, userName);
  const server = getServer(registry, user.id, serverName);
  const template = await templateOf(context, server);
  const { observed, stale } = await lookAtEngine(context, user.id);
  const { servers } = describeUserAndServers(context, user.id, {
    ready: new Set(),
    observed,
    stale,
  });
  const described = servers.find(({ name }) => name === server.name);
  if (!described) throw new Error(`${userName}/${serverName} vanished while it was read`);
  const set = new Set(listSecrets(registry, user.id).map(({ name }) => name));
  return {
    user: user.name,
    server: described,
    description: template.description,
    source: sourceText(template),
    riskLevel: template.riskLevel,
    secrets: template.secrets.map(({ name, required }) => ({ name, required, set: set.has(name) })),
    limits: limitsOf(config, user, template),
    stale,
  };
}

/** Servers of one user, or of all. */
export async function listAllServers(
  context: Context,
  userName: string | undefined,
): Promise<z.infer<typeof serverListResult>> {
  const target = userName === undefined ? undefined : { user: userName, server: undefined };
  const selected = selectServers(context.registry, target);
  const { observed, stale } = await lookAtServers(context, target, selected);
  const containers = containersByServer(observed.servers);
  const servers = selected.map(({ user, server }) => {
    const facts = { config: context.config, observed: containers.get(server.id), stale };
    return { ...describeServer(server, { ...facts, ready: false }), user: user.name };
  });
  return { servers, stale };
}

function sourceText({ source }: Template): string {
  return 'npm' in source ? `npm ${source.npm}` : `image ${source.image}`;
}

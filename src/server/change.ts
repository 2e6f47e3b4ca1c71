import type * as z from 'zod';
import { admitted } from '../admission/admit.ts';
import { permit } from '../admission/permit.ts';
import { undisturbed, type Context } from '../context.ts';
import { ConflictError, UnhealthyError } from '../errors.ts';
import { freePorts, readListeners } from '../host/sockets.ts';
import { converge } from '../reconcile/converge.ts';
import { runtimeFolder, userFolder } from '../reconcile/desired.ts';
import { addApproval } from '../registry/approvals.ts';
import {
  addServer,
  findServer,
  getServer,
  listServers,
  removeServer,
} from '../registry/servers.ts';
import type { Server, User } from '../registry/rows.ts';
import { getUser } from '../registry/users.ts';
import { dematerialise } from '../secrets/materialise.ts';
import { openSecrets } from '../secrets/vault.ts';
import { findTemplate } from '../templates/catalog.ts';
import type { Template } from '../templates/schema.ts';
import { describeUserAndServers } from '../user/describe.ts';
import { withNamedUser } from '../user/lease.ts';
import type { serverAddResult, serverRemoveResult } from './result.ts';

interface ServerAddRequest {
  readonly userName: string;
  /** Catalog name, or the path of a template folder. */
  readonly template: string;
  /** Why the user may have it although it is too risky for them. */
  readonly approval: string | undefined;
  readonly start: boolean;
  readonly timeoutMs: number;
}

/** Gives a user one more server. Asked again for the same, it changes nothing but what has drifted. */
export async function addServerToUser(
  context: Context,
  request: ServerAddRequest,
): Promise<z.infer<typeof serverAddResult>> {
  const template = await findTemplate(request.template, context.assets);
  const reference = request.template === template.name ? template.name : template.folder;
  const { registry } = context;
  return withNamedUser(context, { name: request.userName }, async (user) => {
    const existing = findServer(registry, user.id, template.name);
    if (existing && existing.template !== reference) {
      throw new ConflictError(
        `${user.name}/${template.name} exists, made from ${existing.template}.`,
        {
          code: 'SERVER_EXISTS',
          suggestions: [`mcpd server remove ${user.name}/${template.name}`],
        },
      );
    }
    // A missing secret is reported before anything is built.
    await openSecrets(context, { user, secrets: template.secrets });
    await context.engine();
    const server =
      existing ?? (await registerServer(context, { request, user, template, reference }));
    try {
      const converged = await converge(context, user.id, {
        waitMs: request.start ? request.timeoutMs : undefined,
      });
      const { servers } = describeUserAndServers(context, user.id, converged);
      const described = servers.find(({ name }) => name === server.name);
      if (!described) throw new Error(`${server.name} vanished while it was added`);
      return { changed: converged.changed || !existing, user: user.name, server: described };
    } catch (error) {
      // One that won't get ready is kept, so that its log can be read.
      if (!existing && !(error instanceof UnhealthyError)) {
        await undoAdd(context, user.id, server.id);
      }
      throw error;
    }
  });
}

interface NewServer {
  readonly request: ServerAddRequest;
  readonly user: User;
  readonly template: Template;
  /** Catalog name or folder. */
  readonly reference: string;
}

/** Writes the row of a server that its user may have. Throws what permit and admitted throw. */
async function registerServer(
  context: Context,
  { request, user, template, reference }: NewServer,
): Promise<Server> {
  const { registry, config } = context;
  const templates = new Map([[reference, template]]);
  const reason = request.approval;
  const approvals = await permit(context, {
    userName: user.name,
    subject: user,
    templates,
    reason,
  });
  const isPortFree = freePorts(config.bindAddress, await readListeners());
  const change = () => {
    const server = addServer(registry, {
      user,
      name: template.name,
      template: reference,
      desired: request.start ? 'running' : 'stopped',
      isPortFree,
    });
    for (const approval of approvals) addApproval(registry, user.id, approval);
    return server;
  };
  return admitted(context, { change, templates });
}

// What the first error says matters more than a failure to clean up after it: `up` mends the rest.
async function undoAdd(context: Context, userId: string, serverId: string): Promise<void> {
  removeServer(context.registry, serverId);
  await converge(undisturbed(context), userId, { waitMs: undefined }).catch(() => undefined);
  forgetServer(context, userId, serverId);
}

/** Takes away what was laid down for a server, and for its user when it was their last. */
function forgetServer({ home, registry }: Context, userId: string, serverId: string): void {
  dematerialise(runtimeFolder(home, registry.instance, serverId));
  if (listServers(registry, userId).length > 0) return;
  dematerialise(userFolder(home, registry.instance, userId));
}

/** Takes one server away: container, run-time files, row. The user and the workspace stay. */
export async function removeServerFromUser(
  context: Context,
  { userName, serverName }: { userName: string; serverName: string },
): Promise<z.infer<typeof serverRemoveResult>> {
  const { registry } = context;
  const { id } = getUser(registry, userName);
  getServer(registry, id, serverName);
  return withNamedUser(context, { name: userName, id }, async (user) => {
    const server = getServer(registry, user.id, serverName);
    await context.engine();
    removeServer(registry, server.id);
    await converge(context, user.id, { waitMs: undefined });
    forgetServer(context, user.id, server.id);
    return { removed: `${user.name}/${server.name}` };
  });
}

import { lstat } from 'node:fs/promises';
import type { Context } from '../context.ts';
import { NotFoundError, RefusedError } from '../errors.ts';
import { findAccount, takenUids } from '../host/accounts.ts';
import { hostRoutes } from '../host/routes.ts';
import { freePorts } from '../host/sockets.ts';
import { egressText } from '../policy/egress.ts';
import type { User } from '../registry/rows.ts';
import { addServer } from '../registry/servers.ts';
import { addUser, listUsers, removeUser } from '../registry/users.ts';
import { setSecret } from '../secrets/vault.ts';
import type { Template } from '../templates/schema.ts';
import { checkWorkspace } from '../workspace/paths.ts';
import { prepareWorkspace } from '../workspace/prepare.ts';
import type { AddRequest } from './add.ts';

/** Writes a new user's rows, secrets and workspace; on a failure none of them stay. */
export async function registerUser(
  context: Context,
  request: AddRequest,
  templates: readonly Template[],
): Promise<{ user: User }> {
  const { registry, config, clock } = context;
  const engine = await context.engine();
  const [networks, routes, uids, identity] = await Promise.all([
    engine.subnets(),
    hostRoutes(),
    takenUids(config.uids),
    chooseIdentity(context, request.osUser),
  ]);
  const isPortFree = freePorts(config.bindAddress);
  const workspace =
    request.workspace && (await checkPath(context, request.workspace, identity.uid));
  const user = addUser(
    registry,
    {
      name: request.name,
      ...identity,
      workspace,
      adoptUid: workspace === undefined ? undefined : await ownerOf(workspace),
      limits: request.limits,
      egress: request.egress ?? egressText.parse(config.egress),
      expiresAt: request.ttlMs === undefined ? null : clock.now() + request.ttlMs,
    },
    { config, isPortFree, takenSubnets: [...networks, ...routes], takenUids: uids },
  );
  try {
    for (const template of templates) {
      addServer(registry, {
        user,
        name: template.name,
        template: request.templates?.length ? templateReference(request, template) : template.name,
        isPortFree,
      });
    }
    for (const [name, value] of request.secrets) {
      await setSecret(context, { user, name, value });
    }
    prepareWorkspace(user.workspace, {
      uid: user.uid,
      gid: user.gid,
      managed: user.workspaceManaged,
    });
  } catch (error) {
    removeUser(registry, user.id, { keepUid: false, config: { quarantineHours: 0 } });
    throw error;
  }
  return { user };
}

function templateReference(request: AddRequest, template: Template): string {
  return request.templates?.includes(template.name) ? template.name : template.folder;
}

interface Identity {
  /** Undefined: the registry allocates one. */
  readonly uid: number | undefined;
  readonly gid: number | undefined;
  readonly osUser: string | undefined;
  /** True when mcpd isn't root: the caller's uid serves for every tenant. */
  readonly sharedUid: boolean;
}

async function chooseIdentity(context: Context, osUser: string | undefined): Promise<Identity> {
  const isRoot = context.uid === 0;
  const shared = { uid: context.uid, gid: context.gid, osUser: undefined, sharedUid: true };
  if (osUser === undefined) {
    return isRoot
      ? { uid: undefined, gid: undefined, osUser: undefined, sharedUid: false }
      : shared;
  }
  const account = await findAccount(osUser);
  if (!account) {
    throw new NotFoundError(`There is no account "${osUser}" on this host.`, {
      code: 'ACCOUNT_NOT_FOUND',
      suggestions: ['getent passwd, to list accounts'],
    });
  }
  if (account.uid === 0) {
    throw new RefusedError('A tenant cannot run as root.', {
      code: 'ROOT_TENANT',
      suggestions: ['leave --os-user out to get a uid of its own'],
    });
  }
  if (isRoot) return { uid: account.uid, gid: account.gid, osUser, sharedUid: false };
  if (account.uid === context.uid) return { ...shared, osUser };
  throw new RefusedError(`Only root can run a server as ${osUser}.`, {
    code: 'NEEDS_ROOT',
    suggestions: ['sudo mcpd user add …'],
  });
}

function checkPath(context: Context, path: string, uid: number | undefined): string {
  const users = listUsers(context.registry);
  return checkWorkspace(path, {
    roots: context.config.workspaceRoots,
    home: context.home,
    otherWorkspaces: users.map(({ workspace }) => workspace),
    tenantUids: [...users.map((user) => user.uid), ...(uid === undefined ? [] : [uid])],
    callerUid: context.uid,
  });
}

async function ownerOf(path: string): Promise<number | undefined> {
  return lstat(path).then(
    ({ uid }) => uid,
    () => undefined,
  );
}

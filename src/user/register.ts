import { lstat } from 'node:fs/promises';
import type { Context } from '../context.ts';
import { takenUids, type UidRange } from '../host/accounts.ts';
import { hostRoutes } from '../host/routes.ts';
import { freePorts, readListeners, type Listener } from '../host/sockets.ts';
import { splitPolicy } from '../policy/of-user.ts';
import { toOverrides } from '../policy/limits.ts';
import { admitted } from '../admission/admit.ts';
import { permit } from '../admission/permit.ts';
import { addApproval } from '../registry/approvals.ts';
import { getGroup } from '../registry/groups.ts';
import type { User } from '../registry/rows.ts';
import { addServer } from '../registry/servers.ts';
import { addUser, listUsers } from '../registry/users.ts';
import { listSecrets, putSecret, sealSecret, setSecret } from '../secrets/vault.ts';
import type { Template } from '../templates/schema.ts';
import { checkWorkspace } from '../workspace/paths.ts';
import type { AddRequest } from './add-request.ts';
import { chooseIdentity } from './identity.ts';

/** What the host and the engine have in use already. Choosing looks at it; the engine's own bind decides. */
export interface InUse {
  readonly listeners: readonly Listener[];
  /** CIDR. */
  readonly subnets: readonly string[];
  readonly uids: readonly UidRange[];
}

export async function readInUse(context: Context): Promise<InUse> {
  const [networks, listeners] = await Promise.all([
    context.engine().then((engine) => engine.subnets()),
    readListeners(),
  ]);
  return { listeners, subnets: [...networks, ...hostRoutes()], uids: takenUids() };
}

export interface Registration {
  readonly request: AddRequest;
  readonly templates: readonly Template[];
  readonly inUse: InUse;
  /** Of the lease that the caller holds. */
  readonly fence: number;
}

/**
 * Reserves addresses and memory and writes the rows of a new user, their servers and secrets: all of them, or
 * none, so that `up` can make the rest if this command is killed. Throws what permit and admitted throw, too.
 */
export async function registerUser(
  context: Context,
  { request, templates, inUse, fence }: Registration,
): Promise<User> {
  const { registry, config, clock } = context;
  const identity = await chooseIdentity(context, request.osUser);
  const isPortFree = freePorts(config.bindAddress, inUse.listeners);
  const workspace =
    request.workspace === undefined
      ? undefined
      : checkPath(context, request.workspace, identity.uid);
  const adoptUid = workspace === undefined ? undefined : await ownerOf(workspace);
  const { egress, policy } = splitPolicy(request.own);
  const limits = toOverrides(request.own);
  const group = request.group === undefined ? null : getGroup(registry, request.group);
  const given = new Map(templates.map((one) => [templateReference(request, one), one]));
  const approvals = await permit(context, {
    userName: request.name,
    subject: { limits, policy, egress, group },
    templates: given,
    reason: request.approval,
  });
  const id = registry.createId('u');
  const sealed = await Promise.all(
    [...request.secrets].map(([name, value]) => sealSecret(context, { user: { id }, name, value })),
  );
  const change = () => {
    const user = addUser(
      registry,
      {
        id,
        name: request.name,
        ...identity,
        workspace,
        adoptUid,
        limits,
        egress,
        policy,
        groupId: group?.id,
        expiresAt: request.ttlMs === undefined ? null : clock.now() + request.ttlMs,
        runId: request.runId,
        owner: request.owner,
        fence,
      },
      { config, isPortFree, takenSubnets: inUse.subnets, takenUids: inUse.uids },
    );
    for (const [reference, { name }] of given) {
      addServer(registry, {
        user,
        name,
        template: reference,
        desired: request.start ? 'running' : 'stopped',
        isPortFree,
      });
    }
    for (const approval of approvals) addApproval(registry, user.id, approval);
    for (const secret of sealed) putSecret(registry, secret);
    return user;
  };
  return admitted(context, { change, templates: given });
}

/** Gives a registered user those of the asked secrets that they lack. */
export async function addMissingSecrets(
  context: Context,
  { secrets }: AddRequest,
  user: User,
): Promise<void> {
  const present = new Set(listSecrets(context.registry, user.id).map(({ name }) => name));
  for (const [name, value] of secrets) {
    if (!present.has(name)) await setSecret(context, { user, name, value });
  }
}

function templateReference(request: AddRequest, template: Template): string {
  const isCatalogName = (request.templates ?? [template.name]).includes(template.name);
  return isCatalogName ? template.name : template.folder;
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

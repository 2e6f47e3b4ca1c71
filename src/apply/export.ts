import { isAbsolute } from 'node:path';
import type { Context } from '../context.ts';
import { ConflictError } from '../errors.ts';
import { shortSize } from '../policy/bytes.ts';
import type { Policy } from '../policy/policy.ts';
import { getUser } from '../registry/users.ts';
import { readCurrent, type Current, type CurrentServer, type CurrentUser } from './current.ts';
import type { WrittenDocument } from './document.ts';

type WrittenUser = NonNullable<NonNullable<WrittenDocument['users']>[string]>;
type WrittenPolicy = NonNullable<NonNullable<WrittenDocument['groups']>[string]>;

/**
 * The document that makes what there is: of all, or of these users and their groups. Throws
 * NotFoundError, and ConflictError for a user who ends by themselves.
 */
export async function exportDocument(
  context: Context,
  names: readonly string[],
): Promise<WrittenDocument> {
  for (const name of names) {
    const { expiresAt } = getUser(context.registry, name);
    if (expiresAt !== null) throw passing(name);
  }
  const current = await readCurrent(context);
  return toDocument(names.length === 0 ? current : only(current, new Set(names)));
}

/** Values of secrets are not in it: each has a reference to be filled in. */
export function toDocument(current: Current): WrittenDocument {
  const users = [...current.users].filter(([, { isPassing }]) => !isPassing);
  const named = namedFolders(users.map(([, { servers }]) => servers));
  const writtenUsers = users.map(([name, user]) => [name, writeUser(name, user, named)] as const);
  const groups = [...current.groups].map(([name, own]) => [name, writePolicy(own)] as const);
  return {
    version: 1,
    ...(named.size > 0 && { templates: Object.fromEntries(named) }),
    ...(groups.length > 0 && { groups: Object.fromEntries(groups) }),
    ...(users.length > 0 && { users: Object.fromEntries(writtenUsers) }),
  };
}

function only({ groups, users }: Current, names: ReadonlySet<string>): Current {
  const chosen = [...users].filter(([name]) => names.has(name));
  const theirs = new Set(chosen.map(([, { group }]) => group));
  return {
    groups: new Map([...groups].filter(([name]) => theirs.has(name))),
    users: new Map(chosen),
  };
}

/** Folders of templates by name, where a name means one template only. */
function namedFolders(
  all: readonly ReadonlyMap<string, CurrentServer>[],
): ReadonlyMap<string, string> {
  const references = new Map<string, Set<string>>();
  for (const [name, { reference }] of all.flatMap((servers) => [...servers])) {
    references.set(name, (references.get(name) ?? new Set()).add(reference));
  }
  const alone = [...references].flatMap(([name, its]) =>
    its.size === 1 ? [...its].map((reference) => [name, reference] as const) : [],
  );
  return new Map(
    alone.filter(([, reference]) => isAbsolute(reference)).toSorted(([a], [b]) => (a < b ? -1 : 1)),
  );
}

function writeUser(
  name: string,
  user: CurrentUser,
  named: ReadonlyMap<string, string>,
): WrittenUser {
  const { group, own, osUser, workspace, workspaceManaged } = user;
  const secrets = [...user.secrets.keys()].map((secret) => [secret, placeholder(name, secret)]);
  return {
    ...(group !== null && { group }),
    ...(Object.keys(own).length > 0 && { policy: writePolicy(own) }),
    ...(osUser !== null && { osUser }),
    ...(!workspaceManaged && { workspace }),
    servers: [...user.servers].map(([server, { reference, approval }]) => {
      const template = named.has(server) ? server : reference;
      return approval === undefined ? template : { template, approve: approval };
    }),
    ...(secrets.length > 0 && { secrets: Object.fromEntries(secrets) as WrittenUser['secrets'] }),
  };
}

/** Where the value could come from; while it does not, what is stored stays. */
function placeholder(user: string, secret: string) {
  const prefix = user.toUpperCase().replaceAll('-', '_');
  return { env: `${prefix}_${secret}`, optional: true };
}

function writePolicy({ memory, storage, ...rest }: Policy): WrittenPolicy {
  return {
    ...(memory !== undefined && { memory: shortSize(memory) }),
    ...(storage !== undefined && { storage: shortSize(storage) }),
    ...rest,
  };
}

function passing(name: string): ConflictError {
  return new ConflictError(`${name} ends by itself, so no document may have it.`, {
    code: 'USER_PASSING',
    suggestions: ['mcpd export, for everybody else'],
  });
}

import type { Context } from '../context.ts';
import { ConflictError } from '../errors.ts';
import { ownPolicy } from '../policy/of-user.ts';
import type { Policy } from '../policy/policy.ts';
import { listApprovals } from '../registry/approvals.ts';
import { listGroups } from '../registry/groups.ts';
import { isPassing } from '../registry/lifetime.ts';
import type { Server, User } from '../registry/rows.ts';
import { listServers } from '../registry/servers.ts';
import { listUsers } from '../registry/users.ts';
import { runtimeFolder } from '../reconcile/desired.ts';
import { readMaterialised } from '../secrets/materialise.ts';
import { listSecrets, readSecrets } from '../secrets/vault.ts';

/** What the registry says there is, in the words of a document. */
export interface Current {
  readonly groups: ReadonlyMap<string, Policy>;
  readonly users: ReadonlyMap<string, CurrentUser>;
}

export interface CurrentUser {
  readonly id: string;
  readonly group: string | null;
  readonly own: Policy;
  readonly osUser: string | null;
  readonly workspace: string;
  /** Whether mcpd chose it. */
  readonly workspaceManaged: boolean;
  readonly servers: ReadonlyMap<string, CurrentServer>;
  /** By name; undefined: not asked for, or the key doesn't open it. */
  readonly secrets: ReadonlyMap<string, string | undefined>;
  /** Whether they end by themselves: of a CI job, say. No document has them. */
  readonly isPassing: boolean;
}

export interface CurrentServer {
  /** Catalog name, or absolute path of a template folder. */
  readonly reference: string;
  /** Why the user has it although it is too risky for them. */
  readonly approval: string | undefined;
  /** Values of secrets that it runs with, of those asked for; undefined: it should not run, or does not. */
  readonly startedWith: ReadonlyMap<string, string> | undefined;
}

/** Names of secrets whose values are wanted, by user. */
export type Asked = ReadonlyMap<string, Iterable<string>>;

export async function readCurrent(context: Context, asked: Asked = new Map()): Promise<Current> {
  const { registry } = context;
  const servers = Map.groupBy(listServers(registry), ({ userId }) => userId);
  const users = await Promise.all(
    listUsers(registry).map(async (user) => {
      const names = [...(asked.get(user.name) ?? [])];
      const belongings = {
        servers: servers.get(user.id) ?? [],
        values: await openedSecrets(context, user, names),
        names,
      };
      return [user.name, describe(context, user, belongings)] as const;
    }),
  );
  return {
    groups: new Map(listGroups(registry).map(({ name, policy }) => [name, policy])),
    users: new Map(users),
  };
}

interface Belongings {
  readonly servers: readonly Server[];
  readonly values: ReadonlyMap<string, string>;
  /** Of secrets that are asked for. */
  readonly names: readonly string[];
}

function describe(
  { home, registry }: Context,
  user: User,
  { servers, values, names }: Belongings,
): CurrentUser {
  const reasons = new Map(
    listApprovals(registry, user.id).map(({ template, reason }) => [template, reason]),
  );
  return {
    id: user.id,
    group: user.group?.name ?? null,
    own: ownPolicy(user),
    osUser: user.osUser,
    workspace: user.workspace,
    workspaceManaged: user.workspaceManaged,
    servers: new Map(
      servers.map(({ id, name, template, desired }) => [
        name,
        {
          reference: template,
          approval: reasons.get(template),
          startedWith:
            desired === 'running' && !user.down
              ? readMaterialised(runtimeFolder(home, registry.instance, id), names)
              : undefined,
        },
      ]),
    ),
    secrets: new Map(listSecrets(registry, user.id).map(({ name }) => [name, values.get(name)])),
    isPassing: isPassing(registry, user),
  };
}

// One that the key doesn't open is like another value: setting it is the way out.
async function openedSecrets(
  context: Context,
  user: User,
  names: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const opened = new Map<string, string>();
  for (const name of names) {
    try {
      for (const entry of await readSecrets(context, { user, names: [name] })) opened.set(...entry);
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error;
    }
  }
  return opened;
}

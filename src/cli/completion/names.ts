import { openConfig } from '../../config/store.ts';
import type { Context } from '../../context.ts';
import { listGroups } from '../../registry/groups.ts';
import { listServers } from '../../registry/servers.ts';
import { listUsers } from '../../registry/users.ts';
import { listTemplates } from '../../templates/catalog.ts';
import type { NameKind } from './tree.ts';

/** The names there are now; from the registry, so that no engine is asked. */
export async function existingNames(context: Context, kind: NameKind): Promise<string[]> {
  const { registry, assets, home } = context;
  switch (kind) {
    case 'users':
      return listUsers(registry).map(({ name }) => name);
    case 'groups':
      return listGroups(registry).map(({ name }) => name);
    case 'servers':
      return listUsers(registry).flatMap((user) => [
        user.name,
        ...listServers(registry, user.id).map(({ name }) => `${user.name}/${name}`),
      ]);
    case 'templates':
      return (await listTemplates(assets)).map(({ name }) => name);
    case 'settings':
      return openConfig(home)
        .list()
        .map(({ key }) => key);
  }
}

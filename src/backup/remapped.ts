import type { Server, User } from '../registry/rows.ts';
import type { UserBackup } from './manifest.ts';

export interface Remapped {
  readonly what: string;
  readonly from: string;
  readonly to: string;
}

/** What a restored user has otherwise than in the backup, because it was taken here. Pure. */
export function remapped(
  backup: UserBackup,
  user: User,
  servers: readonly Pick<Server, 'name' | 'port'>[],
): Remapped[] {
  const block = ({ start, end }: User['ports']) => `${start}-${end}`;
  const ports = backup.servers.map(({ name, port }): [string, string, string] => [
    `port of ${name}`,
    String(port),
    String(servers.find((server) => server.name === name)?.port ?? ''),
  ]);
  const workspace = user.workspaceManaged && backup.workspaceManaged ? '' : user.workspace;
  const facts: [string, string, string][] = [
    ['name', backup.name, user.name],
    ['uid', String(backup.uid), String(user.uid)],
    ['account', backup.osUser ?? '', user.osUser ?? ''],
    ['ports', block(backup.ports), block(user.ports)],
    ...ports,
    ['subnet', backup.subnet, user.subnet],
    ['workspace', backup.workspaceManaged ? '' : backup.workspace, workspace],
  ];
  return facts
    .filter(([, from, to]) => from !== to)
    .map(([what, from, to]) => ({ what, from, to: to || 'none' }));
}

import type * as z from 'zod';
import type { secretListResult, secretRemoveResult, secretSetResult } from '../secrets/result.ts';
import { renderTable } from './table.ts';
import { minute } from './time.ts';

export function renderSecretSet(result: z.infer<typeof secretSetResult>): string {
  const { changed, user, secret, restart } = result;
  if (!changed) return `${secret.name} of ${user} has this value already; nothing changed.`;
  return [`Set ${secret.name} of ${user}.`, ...restartLines(restart)].join('\n');
}

export function renderSecretList({ user, secrets }: z.infer<typeof secretListResult>): string {
  if (secrets.length === 0) return `No secrets. Set one: mcpd secret set ${user} NAME`;
  return renderTable(secrets, [
    { header: 'name', cell: ({ name }) => name },
    { header: 'used by', cell: ({ servers }) => servers.join(',') },
    { header: 'updated', cell: ({ updatedAt }) => minute(updatedAt) },
  ]);
}

export function renderSecretRemove(result: z.infer<typeof secretRemoveResult>): string {
  const { user, removed, restart } = result;
  return [`Removed ${removed} of ${user}.`, ...restartLines(restart)].join('\n');
}

function restartLines(servers: readonly string[]): string[] {
  if (servers.length === 0) return [];
  return ['Restart what uses it:', ...servers.map((server) => `  mcpd restart ${server}`)];
}

import type * as z from 'zod';
import type {
  runStateResult,
  serverAddResult,
  serverListResult,
  ServerResult,
  serverShowResult,
} from '../server/result.ts';
import { limitsText } from './limits.ts';
import { renderFields, renderTable, type Column } from './table.ts';

const columns: readonly Column<ServerResult>[] = [
  { header: 'server', cell: ({ name }) => name },
  { header: 'url', cell: ({ url }) => url },
  { header: 'state', cell: ({ state, ready }) => (ready ? 'ready' : state) },
];

export function renderServers(servers: readonly ServerResult[]): string {
  return servers.length === 0 ? 'No servers.' : renderTable(servers, columns);
}

export function renderServerAdd({
  changed,
  user,
  server,
}: z.infer<typeof serverAddResult>): string {
  if (!changed) return `${user}/${server.name} is as asked; nothing changed.`;
  return renderServers([server]);
}

export function renderServerList({ servers }: z.infer<typeof serverListResult>): string {
  if (servers.length === 0) return 'No servers yet. Add one: mcpd server add USER/TEMPLATE';
  return renderTable(servers, [
    { header: 'user', cell: ({ user }) => user },
    ...columns,
    { header: 'template', cell: ({ template }) => template },
  ]);
}

export function renderServerShow(result: z.infer<typeof serverShowResult>): string {
  const { user, server, limits, secrets } = result;
  const secretLines = secrets.map(({ name, required, set }) => {
    if (set) return `${name} (set)`;
    return required ? `${name} (missing)` : `${name} (optional, not set)`;
  });
  return renderFields([
    ['Server', `${user}/${server.name}`],
    ['Description', result.description],
    ['Source', result.source],
    ['Risk', result.riskLevel],
    ['URL', server.url],
    ['State', server.state],
    ['Limits', limitsText(limits)],
    ['Secrets', secretLines.join(', ') || 'none'],
  ]);
}

export function renderRunState({ servers, changed }: z.infer<typeof runStateResult>): string {
  const table = renderServers(servers);
  return changed ? table : `Nothing changed.\n\n${table}`;
}

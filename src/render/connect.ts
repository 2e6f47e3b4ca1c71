import type { ConnectResult } from '../connect/result.ts';
import { renderTable } from './table.ts';

export function renderConnect(result: ConnectResult): string {
  const { servers, header, clients, written, user } = result;
  if (servers.length === 0)
    return `${user} has no servers. Add one: mcpd server add ${user}/TEMPLATE`;
  const table = renderTable(servers, [
    { header: 'server', cell: ({ server }) => server },
    { header: 'url', cell: ({ url }) => url },
  ]);
  if (written) {
    const done = written.changed ? 'Wrote' : 'As asked already, nothing changed:';
    return [table, '', `${done} ${written.file}`].join('\n');
  }
  const blocks = clients.map(({ title, file, block }) => `${title}: ${file}\n\n${block}`);
  const lines = [
    table,
    '',
    `${header.name}: ${header.value}`,
    '',
    ...blocks.flatMap((b) => [b, '']),
  ];
  return [...lines, hint(result)].join('\n').trimEnd();
}

function hint({ token, user }: ConnectResult): string {
  if (token === 'created') return 'The token is shown only now.';
  if (token !== 'placeholder') return '';
  return `Put a token of ${user} in the place of <token>, or let one be made: --new-token`;
}

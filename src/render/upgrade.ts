import type { UpgradeResult } from '../upgrade/result.ts';
import { harmlessText } from './harmless.ts';
import { renderTable } from './table.ts';

export function renderUpgrade({ servers }: UpgradeResult): string {
  if (servers.length === 0) return 'No servers yet. Add a user with one: mcpd user add NAME';
  const table = renderTable(servers, [
    { header: 'server', cell: ({ server }) => server },
    { header: 'outcome', cell: ({ outcome }) => outcome },
    { header: 'from', cell: ({ from }) => from ?? '' },
    { header: 'to', cell: ({ to }) => to ?? '' },
  ]);
  const problems = servers.flatMap(({ server, problem }) =>
    problem === null ? [] : [`${server}: ${harmlessText(problem)}`],
  );
  return [table, ...problems].join('\n\n');
}

import type { PortsResult } from '../observe/ports.ts';
import type { Style } from './style.ts';
import { renderTable } from './table.ts';

type Row = PortsResult['ports'][number];

export function renderPorts({ range, ports }: PortsResult, style: Style): string {
  if (ports.length === 0) return `No port of ${range.start}-${range.end} is in use.`;
  const table = renderTable(ports, [
    { header: 'port', cell: ({ port }) => String(port), align: 'right' },
    { header: 'user', cell: ({ user }) => user ?? '' },
    { header: 'server', cell: ({ server }) => server ?? '' },
    { header: 'state', cell: describeState, paint: (text, row) => paint(text, row, style) },
    { header: 'held by', cell: describeHolder },
  ]);
  const notes = ports
    .filter(({ conflict }) => conflict)
    .map(
      ({ port, user, server }) =>
        `${user}/${server} can't use its port ${port}: stop the process, then mcpd start ${user}/${server}`,
    );
  return notes.length === 0 ? table : [table, '', ...notes].join('\n');
}

function describeState({ state, conflict }: Row): string {
  return conflict ? 'conflict' : state;
}

function describeHolder({ holder }: Row): string {
  if (!holder) return '';
  if (holder.kind === 'container') return holder.name;
  return holder.pid === null ? `process ${holder.name}` : `${holder.name} (pid ${holder.pid})`;
}

function paint(text: string, { state, conflict }: Row, style: Style): string {
  if (conflict) return style.red(text);
  return state === 'blocked' || state === 'foreign' ? style.yellow(text) : text;
}

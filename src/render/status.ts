import type { StatusResult } from '../observe/status.ts';
import { harmlessText } from './harmless.ts';
import type { Style } from './style.ts';
import { renderTable } from './table.ts';

type Row = StatusResult['servers'][number];

export function renderStatus({ servers }: StatusResult, style: Style): string {
  if (servers.length === 0) return 'No servers yet. Add a user with one: mcpd user add NAME';
  const wasProbed = servers.some(({ ready, state }) => state === 'running' && ready !== null);
  const table = renderTable(servers, [
    { header: 'server', cell: ({ user, server }) => `${user}/${server}` },
    { header: 'state', cell: describeState, paint: (text, row) => paintState(text, row, style) },
    ...(wasProbed ? [{ header: 'ready', cell: describeReady }] : []),
    { header: 'port', cell: ({ port }) => String(port), align: 'right' as const },
    { header: 'uptime', cell: ({ uptimeSeconds }) => formatUptime(uptimeSeconds) },
    { header: 'restarts', cell: ({ restarts }) => String(restarts), align: 'right' as const },
    { header: 'oom', cell: ({ oomKilled }) => (oomKilled ? 'killed' : '') },
  ]);
  const reasons = servers.flatMap(({ user, server, reason }) =>
    reason === null ? [] : [`${user}/${server} is not ready: ${harmlessText(reason)}`],
  );
  return reasons.length === 0 ? table : [table, '', ...reasons].join('\n');
}

function describeState({ state, exitCode }: Row): string {
  return state === 'exited' && exitCode !== null ? `exited (${exitCode})` : state;
}

function describeReady({ ready }: Row): string {
  return ready === null ? '' : ready ? 'yes' : 'no';
}

function paintState(text: string, { state, wanted }: Row, style: Style): string {
  if (state === 'running') return style.green(text);
  if (state === 'unknown' || wanted === 'stopped') return style.dim(text);
  return style.red(text);
}

/** `45s`, `12m`, `5h 3m`, `9d 4h`: the two largest units. */
export function formatUptime(seconds: number | null): string {
  if (seconds === null) return '';
  const units = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'm'],
  ] as const;
  const from = units.findIndex(([amount]) => amount > 0);
  if (from === -1) return `${seconds}s`;
  return units
    .slice(from, from + 2)
    .filter(([amount]) => amount > 0)
    .map(([amount, unit]) => `${amount}${unit}`)
    .join(' ');
}

import type { StatsResult } from '../observe/stats.ts';
import { formatBytes } from '../policy/bytes.ts';
import { formatCount } from './figures.ts';
import type { Style } from './style.ts';
import { renderTable, type Column, type TableOptions } from './table.ts';

type Row = StatsResult['servers'][number];

export function renderStats(
  { servers }: StatsResult,
  style: Style,
  options?: TableOptions,
): string {
  if (servers.length === 0) return 'No servers.';
  const columns: readonly Column<Row>[] = [
    { header: 'server', cell: ({ user, server }) => `${user}/${server}` },
    { header: 'cpu', cell: describeCpu, align: 'right' },
    { header: 'memory', cell: describeMemory, align: 'right', paint: paintMemory(style) },
    {
      header: 'pids',
      spare: 3,
      cell: ({ usage }) => (usage ? `${usage.pids} / ${usage.pidsCap}` : ''),
      align: 'right',
    },
    {
      header: 'in / out',
      spare: 1,
      cell: ({ usage }) =>
        usage ? `${formatBytes(usage.receivedBytes)} / ${formatBytes(usage.sentBytes)}` : '',
      align: 'right',
    },
    { header: 'this hour', cell: describeCalls, align: 'right', spare: 2 },
    { header: 'disk', cell: describeDisk, align: 'right', paint: paintDisk(style), spare: 6 },
    { header: 'restarts', cell: ({ restarts }) => String(restarts), align: 'right', spare: 4 },
    {
      header: 'oom',
      spare: 5,
      cell: ({ oomKills }) => String(oomKills),
      align: 'right',
      paint: (text, { oomKills }) => (oomKills > 0 ? style.red(text) : text),
    },
    { header: 'state', cell: ({ state }) => (state === 'running' ? '' : state) },
  ];
  // Without quotas there is nothing to say that costs no walk through all files.
  const hasQuota = servers.some(({ storage }) => storage.quotaBytes !== null);
  const shown = columns.filter(({ header }) => header !== 'disk' || hasQuota);
  const isAllUp = servers.every(({ state }) => state === 'running');
  return renderTable(servers, isAllUp ? shown.slice(0, -1) : shown, options);
}

function describeCpu({ usage }: Row): string {
  return usage ? `${usage.cpuPercent.toFixed(1)}%` : '';
}

function describeMemory({ usage }: Row): string {
  if (!usage) return '';
  const { memoryBytes, memoryCapBytes } = usage;
  return `${formatBytes(memoryBytes)} / ${formatBytes(memoryCapBytes)}`;
}

function describeDisk({ storage: { quotaBytes, usedBytes, enforced } }: Row): string {
  if (quotaBytes === null) return '';
  const used = usedBytes === null ? '?' : formatBytes(usedBytes);
  return `${used} / ${formatBytes(quotaBytes)}${enforced ? '' : ' (not enforced)'}`;
}

function paintDisk(style: Style) {
  return (text: string, { storage: { quotaBytes, usedBytes } }: Row): string =>
    paintShare(style, text, quotaBytes ? (usedBytes ?? 0) / quotaBytes : 0);
}

function paintMemory(style: Style) {
  return (text: string, { usage }: Row): string => {
    const share = usage ? usage.memoryBytes / usage.memoryCapBytes : 0;
    return paintShare(style, text, share);
  };
}

/** Since the hour began, and per minute of it. */
function describeCalls({ thisHour: { calls, callsPerMinute } }: Row): string {
  return calls === 0 ? '0' : `${formatCount(calls)} (${callsPerMinute}/min)`;
}

function paintShare(style: Style, text: string, share: number): string {
  return share >= 0.9 ? style.red(text) : share >= 0.75 ? style.yellow(text) : text;
}

/** What takes a terminal back to the start of a text of these lines that was just written, and clears it. */
export function rewind(lines: number): string {
  return lines === 0 ? '' : `\u001b[${lines}A\r\u001b[J`;
}

/**
 * Of a text what a terminal of so many rows shows at once, with the cursor below it: of more lines the first,
 * and how many there are.
 */
export function onScreen(text: string, rows: number | undefined): string {
  const lines = text.split('\n');
  if (rows === undefined || lines.length < rows) return text;
  const shown = lines.slice(0, Math.max(0, rows - 2));
  return [...shown, `… and ${lines.length - shown.length} more`].join('\n');
}

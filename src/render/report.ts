import { counted } from '../counted.ts';
import { formatBytes } from '../policy/bytes.ts';
import type { By, Figures, ReportResult, ReportRow } from '../report/result.ts';
import {
  displayName,
  formatCount,
  formatMs,
  formatSeconds,
  formatShare,
  formatStorage,
  hasStorage,
} from './figures.ts';
import { renderReportCsv } from './report-csv.ts';
import { renderReportPage } from './report-page/page.ts';
import { renderFields, renderTable, type Column, type TableOptions } from './table.ts';
import { minuteUtc } from './time.ts';

export const reportFormats = ['table', 'json', 'csv', 'html'] as const;

export interface ReportRendering extends TableOptions {
  readonly format: (typeof reportFormats)[number];
}

export function renderReport(result: ReportResult, { format, ...options }: ReportRendering) {
  switch (format) {
    case 'json':
      return JSON.stringify(result, undefined, 2);
    case 'csv':
      return renderReportCsv(result);
    case 'html':
      return renderReportPage(result);
    case 'table':
      return renderReportTable(result, options);
  }
}

function renderReportTable(result: ReportResult, options: TableOptions): string {
  const { total, rows, by } = result;
  const parts = [renderTotal(result)];
  if (total.calls === 0 && rows.length === 0) parts.push('Nothing was recorded in this time.');
  else parts.push(renderTable(rows, columnsFor(by, rows), options));
  return parts.join('\n\n');
}

function renderTotal({ target, since, until, total }: ReportResult): string {
  const { resources } = total;
  return renderFields([
    ['Report', target ?? 'all users'],
    ['Time', `${minuteUtc(since)} to ${minuteUtc(until)}`],
    ['Calls', `${formatCount(total.calls)}, ${describeFailures(total)}`],
    ['Latency', describeLatency(total)],
    ['Traffic', `${formatBytes(total.bytesIn)} in, ${formatBytes(total.bytesOut)} out`],
    ['CPU', resources ? formatSeconds(resources.cpuSeconds) : undefined],
    ['Memory', resources ? `${formatBytes(resources.memoryPeakBytes)} at most` : undefined],
    [
      'Trouble',
      resources && resources.oomKills + resources.restarts > 0
        ? `${counted(resources.restarts, 'restart')}, ${resources.oomKills} killed for lack of memory`
        : undefined,
    ],
    ['Storage', hasStorage(total) ? formatStorage(total) : undefined],
  ]);
}

function columnsFor(by: By, rows: readonly ReportRow[]): readonly Column<ReportRow>[] {
  const right = { align: 'right' } as const;
  const columns: Column<ReportRow>[] = [
    { header: by, cell: ({ name }) => displayName(name) },
    { header: 'calls', cell: ({ calls }) => formatCount(calls), ...right },
    { header: 'errors', cell: ({ errors }) => formatCount(errors), ...right },
    { header: 'rate', cell: ({ errorRate }) => formatShare(errorRate), ...right },
    { header: 'refused', cell: ({ refusals }) => formatCount(refusals), ...right },
    { header: 'p50', cell: ({ latencyMs }) => formatMs(latencyMs.p50), ...right },
    { header: 'p95', cell: ({ latencyMs }) => formatMs(latencyMs.p95), ...right },
    { header: 'p99', cell: ({ latencyMs }) => formatMs(latencyMs.p99), ...right },
    { header: 'in', cell: ({ bytesIn }) => formatBytes(bytesIn), ...right },
    { header: 'out', cell: ({ bytesOut }) => formatBytes(bytesOut), ...right },
  ];
  if (by === 'tool') return columns;
  return [
    ...columns,
    {
      header: 'cpu',
      cell: ({ resources }) => formatSeconds(resources?.cpuSeconds ?? 0),
      ...right,
    },
    {
      header: 'memory',
      cell: ({ resources }) => formatBytes(resources?.memoryPeakBytes ?? 0),
      ...right,
    },
    { header: 'restarts', cell: ({ resources }) => String(resources?.restarts ?? 0), ...right },
    { header: 'oom', cell: ({ resources }) => String(resources?.oomKills ?? 0), ...right },
    ...(rows.some(hasStorage) ? [{ header: 'storage', cell: formatStorage, ...right }] : []),
  ];
}

function describeFailures({ errors, errorRate, refusals }: Figures): string {
  return `${counted(errors, 'error', formatCount(errors))} (${formatShare(errorRate)}), ${formatCount(refusals)} refused`;
}

function describeLatency({ latencyMs: { p50, p95, p99 } }: Figures): string | undefined {
  if (p50 === null) return undefined;
  return `p50 ${formatMs(p50)}, p95 ${formatMs(p95)}, p99 ${formatMs(p99)} (estimated)`;
}

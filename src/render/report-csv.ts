import type { ReportResult, ReportRow } from '../report/result.ts';
import { printable } from './width.ts';

/** RFC 4180, a header line first. Names that a spreadsheet would take for a formula begin with `'`. */
export function renderReportCsv({ by, rows }: ReportResult): string {
  const lines = rows.map((row) => columns.map(([, cell]) => quoted(cell(row))));
  const header = [by, ...columns.slice(1).map(([name]) => name)];
  return [header, ...lines].map((line) => line.join(',')).join('\n');
}

const columns: readonly (readonly [string, (row: ReportRow) => string | number | null])[] = [
  ['name', ({ name }) => (/^[=+\-@\p{Cc}]/u.test(name) ? `'${name}` : name)],
  ['calls', ({ calls }) => calls],
  ['errors', ({ errors }) => errors],
  ['error_rate', ({ errorRate }) => errorRate],
  ['refusals', ({ refusals }) => refusals],
  ['p50_ms', ({ latencyMs }) => latencyMs.p50],
  ['p95_ms', ({ latencyMs }) => latencyMs.p95],
  ['p99_ms', ({ latencyMs }) => latencyMs.p99],
  ['bytes_in', ({ bytesIn }) => bytesIn],
  ['bytes_out', ({ bytesOut }) => bytesOut],
  ['cpu_seconds', ({ resources }) => resources?.cpuSeconds ?? null],
  ['memory_peak_bytes', ({ resources }) => resources?.memoryPeakBytes ?? null],
  ['oom_kills', ({ resources }) => resources?.oomKills ?? null],
  ['restarts', ({ resources }) => resources?.restarts ?? null],
  ['storage_bytes', ({ storageBytes }) => storageBytes],
  ['storage_quota_bytes', ({ storageQuotaBytes }) => storageQuotaBytes],
];

function quoted(value: string | number | null): string {
  const text = printable(String(value ?? ''));
  return /[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

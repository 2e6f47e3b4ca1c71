import { formatBytes } from '../../policy/bytes.ts';
import type { By, ReportRow } from '../../report/result.ts';
import {
  displayName,
  formatCount,
  formatMs,
  formatSeconds,
  formatShare,
  formatStorage,
  hasStorage,
} from '../figures.ts';
import { markup, nothing, type Markup } from './markup.ts';

const calls = ['Calls', 'Errors', 'Rate', 'Refused', 'p50', 'p95', 'p99', 'In', 'Out'];
const resources = ['CPU', 'Memory', 'Restarts', 'OOM'];

/** All rows of the report. */
export function rowsTable(by: By, rows: readonly ReportRow[]): Markup {
  const hasDisk = rows.some(hasStorage);
  const disk = hasDisk ? ['Storage'] : [];
  const shown = by === 'tool' ? calls : [...calls, ...resources, ...disk];
  const headers = shown.map((header) => markup`<th>${header}</th>`);
  return markup`<div class="scroll"><table>
<thead><tr><th>${by.replace(/^./, (first) => first.toUpperCase())}</th>${headers}</tr></thead>
<tbody>
${rows.map((one) => row(one, hasDisk))}
</tbody>
</table></div>`;
}

function row(
  { name, latencyMs, resources: used, ...figures }: ReportRow,
  hasDisk: boolean,
): Markup {
  const cells = [
    formatCount(figures.calls),
    formatCount(figures.errors),
    formatShare(figures.errorRate),
    formatCount(figures.refusals),
    ...[latencyMs.p50, latencyMs.p95, latencyMs.p99].map(formatMs),
    formatBytes(figures.bytesIn),
    formatBytes(figures.bytesOut),
  ].map((cell) => markup`<td>${cell}</td>`);
  const disk = hasDisk ? markup`<td>${formatStorage(figures)}</td>` : nothing;
  return markup`<tr><td><bdi>${displayName(name)}</bdi></td>${cells}${used ? usedCells(used) : nothing}${disk}</tr>`;
}

function usedCells(used: NonNullable<ReportRow['resources']>): Markup {
  const { cpuSeconds, memoryPeakBytes, restarts, oomKills } = used;
  return markup`<td>${formatSeconds(cpuSeconds)}</td><td>${formatBytes(memoryPeakBytes)}</td><td>${restarts}</td><td class="${oomKills > 0 ? 'bad' : 'good'}">${oomKills}</td>`;
}

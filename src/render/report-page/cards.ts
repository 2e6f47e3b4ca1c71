import { formatBytes } from '../../policy/bytes.ts';
import type { Figures } from '../../report/result.ts';
import { formatCount, formatMs, formatSeconds, formatShare } from '../figures.ts';
import { markup, type Markup } from './markup.ts';

/** The totals, each with what it is above and a detail below. */
export function cards(total: Figures, hours: number): Markup {
  const { resources, latencyMs, storageBytes, storageQuotaBytes } = total;
  const all: [label: string, value: string, detail: string][] = [
    ['Calls', formatCount(total.calls), `${formatCount(perHour(total.calls, hours))} per hour`],
    [
      'Refused',
      formatCount(total.refusals),
      `${formatShare(shareOf(total.refusals, total))} of calls`,
    ],
    ['Errors', formatCount(total.errors), `${formatShare(total.errorRate)} of calls`],
    [
      'Latency, p95',
      formatMs(latencyMs.p95),
      `p50 ${formatMs(latencyMs.p50)}, p99 ${formatMs(latencyMs.p99)}`,
    ],
    ['Traffic out', formatBytes(total.bytesOut), `${formatBytes(total.bytesIn)} in`],
  ];
  if (resources) {
    const { cpuSeconds, memoryPeakBytes, restarts, oomKills } = resources;
    all.push(
      ['CPU time', formatSeconds(cpuSeconds), 'of all servers'],
      [
        'Memory peak',
        formatBytes(memoryPeakBytes),
        `${formatCount(oomKills)} killed for lack of it`,
      ],
      ['Restarts', formatCount(restarts), 'nobody asked for'],
    );
  }
  if (storageBytes !== null) {
    const quota =
      storageQuotaBytes === null ? 'in use now' : `of ${formatBytes(storageQuotaBytes)}`;
    all.push(['Storage', formatBytes(storageBytes), quota]);
  }
  const items = all.map(
    ([label, value, detail]) =>
      markup`<div class="card"><span>${label}</span><b>${value}</b><span>${detail}</span></div>`,
  );
  return markup`<div class="cards">${items}</div>`;
}

function perHour(count: number, hours: number): number {
  return Math.round(count / Math.max(1, hours));
}

function shareOf(count: number, { calls }: Figures): number {
  return calls === 0 ? 0 : count / calls;
}

import type { ReportRow } from '../../report/result.ts';
import { displayName, formatCalls } from '../figures.ts';
import { truncate } from '../width.ts';
import { number } from './frame.ts';
import { compact } from './scale.ts';
import { markup, nothing, type Markup } from './markup.ts';

const width = 480;
const rowHeight = 26;
const labels = 176;
const values = 56;
const longestLabel = 24;

/** Lying bars, one per row, each with its name before it and its calls behind it. */
export function ranking(title: string, rows: readonly ReportRow[]): Markup {
  const most = Math.max(1, ...rows.map(({ calls }) => calls));
  const bars = rows.map((row, index) => bar(row, index, (width - labels - values) / most));
  return markup`<svg viewBox="0 0 ${width} ${rows.length * rowHeight}" role="img" aria-label="${title}">
${bars}
</svg>`;
}

function bar(row: ReportRow, index: number, unit: number): Markup {
  const name = displayName(row.name);
  const y = index * rowHeight;
  const middle = y + rowHeight / 2;
  const [all, failed] = [row.calls * unit, row.errors * unit];
  const failures =
    failed > 0
      ? markup`<rect class="failed" x="${number(labels + all - failed)}" y="${y + 6}" width="${number(failed)}" height="${rowHeight - 12}"/>`
      : nothing;
  return markup`<g><title>${`${name}: ${formatCalls(row)}`}</title>
<text class="name" x="${labels - 10}" y="${middle}" dy=".32em" text-anchor="end">${truncate(name, longestLabel)}</text>
<rect class="ok" x="${labels}" y="${y + 6}" width="${number(Math.max(1, all))}" height="${rowHeight - 12}" rx="2"/>
${failures}
<text class="tick" x="${number(labels + all + 8)}" y="${middle}" dy=".32em">${compact(row.calls)}</text></g>`;
}

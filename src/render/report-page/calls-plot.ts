import type { ReportRow } from '../../report/result.ts';
import { formatCalls, formatCount } from '../figures.ts';
import { number, timePlot, yOf, type TimeAxis } from './frame.ts';
import { markup, nothing, type Markup } from './markup.ts';
import { compact, linearTicks } from './scale.ts';

/** Stacked bars: answered, refused and failed calls of each hour or day. */
export function callsPlot(axis: TimeAxis): Markup {
  const ticks = linearTicks(Math.max(...axis.rows.map(({ calls }) => calls)));
  const top = ticks.at(-1) ?? 1;
  return timePlot({
    title: `Calls by ${axis.step}`,
    axis,
    ticks: ticks.map((value) => ({ share: value / top, label: compact(value) })),
    marks: axis.rows.map((row, index) => bar(axis, index, top)),
    tell: (row) => `${row.name}\n${formatCalls(row)}, ${formatCount(row.refusals)} refused`,
  });
}

function bar(axis: TimeAxis, index: number, top: number): Markup {
  const row = axis.rows[index];
  if (row === undefined || row.calls === 0) return nothing;
  const gap = Math.min(2, axis.pitch / 4);
  const place = { x: number(axis.x(index) + gap / 2), width: number(axis.pitch - gap) };
  let below = 0;
  return markup`${partsOf(row).map(([name, count]) => {
    if (count === 0) return nothing;
    const [from, to] = [yOf(below / top), yOf((below + count) / top)];
    below += count;
    return markup`<rect class="${name}" x="${place.x}" width="${place.width}" y="${number(to)}" height="${number(from - to)}"/>`;
  })}`;
}

/** From the foot up. */
function partsOf({ calls, errors, refusals }: ReportRow): readonly (readonly [string, number])[] {
  return [
    ['ok', Math.max(0, calls - errors - refusals)],
    ['refused', refusals],
    ['failed', errors],
  ];
}

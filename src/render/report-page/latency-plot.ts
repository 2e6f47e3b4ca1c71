import type { ReportRow } from '../../report/result.ts';
import { formatMs } from '../figures.ts';
import { number, timePlot, width, yOf, type TimeAxis } from './frame.ts';
import { markup, nothing, type Markup } from './markup.ts';
import { powerTicks } from './scale.ts';

const names = ['p50', 'p95', 'p99'] as const;

/** Three lines on a logarithmic scale; they break where nothing was called. */
export function latencyPlot(axis: TimeAxis): Markup {
  const values = axis.rows.flatMap(({ latencyMs }) =>
    names.map((name) => latencyMs[name]).filter((value) => value !== null),
  );
  if (values.length === 0) return nothing;
  const ticks = powerTicks(values.map(atLeast));
  const [low, high] = [Math.log10(ticks.at(0) ?? 1), Math.log10(ticks.at(-1) ?? 10)];
  const shareOf = (ms: number) => (Math.log10(atLeast(ms)) - low) / (high - low);
  const marks = names.flatMap((name) => line(axis, name, shareOf));
  return timePlot({
    title: `Latency by ${axis.step}`,
    axis,
    ticks: ticks.map((value) => ({ share: shareOf(value), label: formatMs(value) })),
    marks: [...marks, ...endLabels(axis, shareOf)],
    tell: ({ name, latencyMs }) =>
      `${name}\n${names.map((one) => `${one} ${formatMs(latencyMs[one])}`).join(', ')}`,
  });
}

/** A logarithmic scale has no zero. */
function atLeast(ms: number): number {
  return Math.max(0.1, ms);
}

type Name = (typeof names)[number];

function line(axis: TimeAxis, name: Name, shareOf: (ms: number) => number): Markup[] {
  const valueAt = (index: number) => axis.rows[index]?.latencyMs[name] ?? null;
  let path = '';
  const lonely: Markup[] = [];
  for (let index = 0; index < axis.rows.length; index += 1) {
    const value = valueAt(index);
    if (value === null) continue;
    const [x, y] = [number(middle(axis, index)), number(yOf(shareOf(value)))];
    const isFirst = valueAt(index - 1) === null;
    path += `${isFirst ? 'M' : 'L'}${x} ${y}`;
    if (isFirst && valueAt(index + 1) === null) {
      lonely.push(markup`<circle class="dot ${name}" cx="${x}" cy="${y}" r="3"/>`);
    }
  }
  return [markup`<path class="line ${name}" d="${path}"/>`, ...lonely];
}

const labelHeight = 14;

/** Each line's name behind its end; from the lowest up, so that none covers another. */
function endLabels(axis: TimeAxis, shareOf: (ms: number) => number): Markup[] {
  const last = axis.rows.findLastIndex(({ calls }) => calls > 0);
  const row: ReportRow | undefined = axis.rows[last];
  let lowest = Infinity;
  return names.map((name) => {
    const value = row?.latencyMs[name] ?? null;
    if (value === null) return nothing;
    lowest = Math.min(lowest - labelHeight, yOf(shareOf(value)));
    const x = Math.min(middle(axis, last) + 8, width - 44);
    return markup`<text class="name" x="${number(x)}" y="${number(lowest)}" dy=".32em">${name}</text>`;
  });
}

function middle(axis: TimeAxis, index: number): number {
  return axis.x(index) + axis.pitch / 2;
}

import type { ReportRow } from '../../report/result.ts';
import { markup, type Markup } from './markup.ts';
import { timeTicks } from './scale.ts';

export const width = 1000;
const height = 240;
const left = 56;
const right = 52;
const top = 10;
const bottom = 28;

/** Where the steps of a time axis lie, in units of the drawing. */
export interface TimeAxis {
  readonly rows: readonly ReportRow[];
  readonly step: 'hour' | 'day';
  /** Width of one step. */
  readonly pitch: number;
  /** Left edge of a step. */
  x(index: number): number;
}

export function timeAxis(rows: readonly ReportRow[], step: 'hour' | 'day'): TimeAxis {
  const pitch = (width - left - right) / Math.max(1, rows.length);
  return { rows, step, pitch, x: (index) => left + index * pitch };
}

/** The height of a share of the plot, 0 at its foot and 1 at its top. */
export function yOf(share: number): number {
  return height - bottom - share * (height - top - bottom);
}

export interface FrameParts {
  readonly title: string;
  readonly axis: TimeAxis;
  readonly ticks: readonly { readonly share: number; readonly label: string }[];
  readonly marks: readonly Markup[];
  /** What is told of a step when it is pointed at. */
  readonly tell: (row: ReportRow) => string;
}

/** A drawing over time: grid, axes, marks, and a strip per step that tells its values. */
export function timePlot({ title, axis, ticks, marks, tell }: FrameParts): Markup {
  const grid = ticks.map(({ share, label }) => {
    const y = number(yOf(share));
    return markup`<line class="${share === 0 ? 'axis' : 'grid'}" x1="${left}" x2="${width - right}" y1="${y}" y2="${y}"/><text class="tick" x="${left - 8}" y="${y}" dy=".32em" text-anchor="end">${label}</text>`;
  });
  const names = axis.rows.map(({ name }) => name);
  const times = timeTicks(names, axis.step).map(({ at, label }) => {
    const x = number(axis.x(at) + (axis.step === 'day' ? axis.pitch / 2 : 0));
    return markup`<text class="tick" x="${x}" y="${height - 8}" text-anchor="${axis.step === 'day' ? 'middle' : 'start'}">${label}</text>`;
  });
  const strips = axis.rows.map(
    (row, index) =>
      markup`<rect class="strip" x="${number(axis.x(index))}" y="${top}" width="${number(axis.pitch)}" height="${height - top - bottom}"><title>${tell(row)}</title></rect>`,
  );
  return markup`<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${title}">
${grid}
${times}
${marks}
${strips}
</svg>`;
}

/** A coordinate with as many digits as can be seen. */
export function number(value: number): number {
  return Number(value.toFixed(2));
}

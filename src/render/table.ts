import { displayWidth, printable, truncate } from './width.ts';

export interface Column<Row> {
  readonly header: string;
  readonly cell: (row: Row) => string;
  readonly align?: 'left' | 'right';
  /** Colours a cell, after it was padded. */
  readonly paint?: (text: string, row: Row) => string;
  /** Can be done without where there is no room for all columns; the lowest goes first. */
  readonly spare?: number;
}

export interface TableOptions {
  /** Columns of the terminal; undefined: nothing is cut or left out. */
  readonly width?: number | undefined;
}

const gap = '  ';
const narrowest = 8;

/** Upper-case headers and aligned cells with two spaces between, no trailing spaces. */
export function renderTable<Row>(
  rows: readonly Row[],
  allColumns: readonly Column<Row>[],
  { width }: TableOptions = {},
): string {
  const columns = width === undefined ? allColumns : withRoom(rows, allColumns, width);
  const cells = rows.map((row) => columns.map((column) => textOf(row, column)));
  const headers = columns.map(({ header }) => header.toUpperCase());
  const natural = columns.map((column) => naturalWidth(rows, column));
  const widths = width === undefined ? natural : fit(natural, width);
  const lines = cells.map((line, row) =>
    renderLine(line, widths, columns, (text, column) =>
      column.paint ? column.paint(text, rows[row] as Row) : text,
    ),
  );
  return [renderLine(headers, widths, columns, (text) => text), ...lines].join('\n');
}

/** Aligned `Label:  value` lines; without those whose value is undefined. */
export function renderFields(
  fields: readonly (readonly [label: string, value: string | undefined])[],
): string {
  const shown = fields.filter(([, value]) => value !== undefined);
  const width = Math.max(...shown.map(([label]) => displayWidth(label)));
  return shown
    .map(([label, value = '']) => {
      const [first = '', ...rest] = value.split('\n').map(printable);
      const indent = ' '.repeat(width + 1 + gap.length);
      const head = `${label}:${' '.repeat(width - displayWidth(label))}${gap}${first || '-'}`;
      return [head, ...rest.map((line) => indent + line)].join('\n');
    })
    .join('\n');
}

function renderLine<Row>(
  line: readonly string[],
  widths: readonly number[],
  columns: readonly Column<Row>[],
  paint: (text: string, column: Column<Row>) => string,
): string {
  return columns
    .map((column, index) => {
      const width = widths[index] ?? 0;
      const text = truncate(line[index] ?? '', width);
      const padding = ' '.repeat(width - displayWidth(text));
      const painted = paint(text, column);
      return column.align === 'right' ? padding + painted : painted + padding;
    })
    .join(gap)
    .trimEnd();
}

function textOf<Row>(row: Row, { cell }: Column<Row>): string {
  return printable(cell(row)) || '-';
}

function naturalWidth<Row>(rows: readonly Row[], column: Column<Row>): number {
  const widths = rows.map((row) => displayWidth(textOf(row, column)));
  return Math.max(displayWidth(column.header), ...widths);
}

/** Without those that can be spared, one after the other, until the rest has room. */
function withRoom<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  width: number,
): readonly Column<Row>[] {
  const [least] = columns
    .filter(({ spare }) => spare !== undefined)
    .toSorted((a, b) => (a.spare ?? 0) - (b.spare ?? 0));
  const total = columns.reduce((sum, column) => sum + naturalWidth(rows, column) + gap.length, 0);
  if (!least || total - gap.length <= width) return columns;
  return withRoom(
    rows,
    columns.filter((column) => column !== least),
    width,
  );
}

/** Takes columns off the widest ones until the line fits or all are narrow. */
function fit(natural: readonly number[], width: number): number[] {
  const widths = [...natural];
  const room = width - gap.length * (widths.length - 1);
  for (;;) {
    const total = widths.reduce((sum, one) => sum + one, 0);
    const widest = Math.max(...widths);
    if (total <= room || widest <= narrowest) return widths;
    widths[widths.indexOf(widest)] = widest - 1;
  }
}

import { describe, expect, test } from 'vitest';
import { renderFields, renderTable, type Column } from '../../../src/render/table.ts';

interface Row {
  readonly name: string;
  readonly size: number;
}

const columns: readonly Column<Row>[] = [
  { header: 'name', cell: ({ name }) => name },
  { header: 'size', cell: ({ size }) => String(size), align: 'right' },
];

test('columns are aligned, with two spaces between and none at the end of a line', () => {
  const table = renderTable(
    [
      { name: 'bob', size: 5 },
      { name: 'alexandra', size: 1234 },
    ],
    columns,
  );
  expect(table.split('\n')).toEqual(['NAME       SIZE', 'bob           5', 'alexandra  1234']);
  const [left] = columns;
  expect(renderTable([{ name: 'b', size: 1 }], left ? [left] : []).split('\n')).toEqual([
    'NAME',
    'b',
  ]);
});

test('without rows there is the line of headers', () => {
  expect(renderTable([], columns)).toBe('NAME  SIZE');
});

test('an empty cell is a dash, so that columns can be counted', () => {
  expect(renderTable([{ name: '', size: 1 }], columns)).toContain('\n-        1');
});

test('characters that take two columns are counted as two', () => {
  const table = renderTable(
    [
      { name: '漢字', size: 1 },
      { name: '👩‍👩‍👧', size: 2 },
      { name: 'é', size: 3 },
      { name: 'abcd', size: 4 },
    ],
    columns,
  );
  expect(table.split('\n').slice(1)).toEqual([
    '漢字     1',
    '👩‍👩‍👧       2',
    'é        3',
    'abcd     4',
  ]);
});

test('control characters in a cell do not reach the terminal', () => {
  expect(renderTable([{ name: 'a\u001b[31mb\nc', size: 1 }], columns)).toContain('a?[31mb?c');
});

describe('on a terminal', () => {
  const rows = [{ name: 'x'.repeat(100), size: 1 }];

  test('the widest cells are cut until a line fits', () => {
    const lines = renderTable(rows, columns, { width: 40 }).split('\n');
    expect(lines[1]).toBe(`${'x'.repeat(33)}…     1`);
    expect(lines[1]).toHaveLength(40);
  });

  test('nothing is cut to where it says nothing', () => {
    expect(renderTable(rows, columns, { width: 5 }).split('\n')[1]).toMatch(/^x{7}…/);
  });
});

test('in a pipe nothing is cut', () => {
  expect(renderTable([{ name: 'x'.repeat(500), size: 1 }], columns)).toContain('x'.repeat(500));
});

test('a cell is coloured after it was padded', () => {
  const [, size] = columns;
  const painted = [{ ...size, paint: (text: string) => `<${text}>` } as Column<Row>];
  expect(renderTable([{ name: '', size: 7 }], painted)).toBe('SIZE\n   <7>');
});

test('fields are aligned, and one without a value is left out', () => {
  const fields = renderFields([
    ['Name', 'bob'],
    ['Workspace', 'a\nb'],
    ['Expires', undefined],
    ['Note', ''],
  ]);
  expect(fields.split('\n')).toEqual([
    'Name:       bob',
    'Workspace:  a',
    '            b',
    'Note:       -',
  ]);
});

import { expect, test } from 'vitest';
import { followStderr } from '../../../src/bridge/stderr-tail.ts';

function follow(text: string): { printed: string[]; last: readonly string[] } {
  const printed: string[] = [];
  const tail = followStderr({ clean: (line) => line, print: (line) => void printed.push(line) });
  tail.push(Buffer.from(text));
  return { printed, last: tail.last() };
}

test('the last lines are kept, all are printed', () => {
  const lines = ['1', '2', '3', '4', '5', '6'];
  expect(follow(lines.join('\n'))).toEqual({ printed: lines, last: lines.slice(1) });
});

test.each([
  ['an exception', 'Error: why', '    at one (node:internal/x:1:2)'],
  ['the end of the heap', 'FATAL ERROR: heap out of memory', ' 1: 0xb78db3 node::OOM() [node]'],
  ['many frames', 'FATAL ERROR: heap out of memory', '10: 0x195e476  [node]'],
])('%s is not pushed out by the frames of its stack', (_, why, frame) => {
  const { printed, last } = follow(`${why}\n${`${frame}\n`.repeat(12)}`);
  expect(last).toEqual([why]);
  expect(printed).toHaveLength(13);
});

import { expect, test } from 'vitest';
import { nearest } from '../../src/nearest.ts';

test('nearest gives slips, beginnings and last parts, best first, and nothing far-fetched', () => {
  const names = ['filesystem', 'memory', 'everything', 'ports.start', 'ports.end'];
  expect(nearest('filesytsem', names)).toEqual(['filesystem']);
  expect(nearest('mem', names)).toEqual(['memory']);
  expect(nearest('ports', names)).toEqual(['ports.end', 'ports.start']);
  expect(nearest('start', names)).toEqual(['ports.start']);
  expect(nearest('github', names)).toEqual([]);
  expect(nearest('', [])).toEqual([]);
});

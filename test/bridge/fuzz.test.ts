import { expect, test } from 'vitest';
import { fuzz } from '../fuzz/run.ts';

test('whatever is sent, each input is answered or its connection closed, and nothing breaks or grows', async () => {
  // `npm run fuzz` sends more, and others each time.
  const { failures, complaints } = await fuzz({ seed: 1, from: 0, count: 2000 });
  expect(failures).toEqual([]);
  expect(complaints).toEqual([]);
}, 60_000);

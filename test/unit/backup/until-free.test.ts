import { expect, test } from 'vitest';
import { untilFree } from '../../../src/backup/until-free.ts';
import { ConflictError } from '../../../src/errors.ts';

const locked = new ConflictError('bob is being changed.', { code: 'LOCKED' });

test('what another command holds is waited for, again and again', async () => {
  const told: string[] = [];
  let left = 3;
  const done = untilFree({ onWait: (message) => void told.push(message) }, async () => {
    left -= 1;
    if (left > 0) throw locked;
    return 'done';
  });
  expect(await done).toBe('done');
  expect(told).toEqual(['bob is being changed.', 'bob is being changed.']);
});

test.each<[string, Error, boolean]>([
  ['work that began', locked, true],
  ['another conflict', new ConflictError('No.', { code: 'NAME_TAKEN' }), false],
  ['Ctrl-C', new Error('Interrupted.'), false],
])('%s is not tried again', async (_what, error, begins) => {
  let tries = 0;
  const done = untilFree({ onWait: () => undefined }, async (begin) => {
    tries += 1;
    if (begins) begin();
    throw error;
  });
  await expect(done).rejects.toBe(error);
  expect(tries).toBe(1);
});

import { expect, test } from 'vitest';
import { attempt, endingOf, failuresOf, hasChanged } from '../../../src/apply/attempt.ts';
import {
  EngineError,
  NotFoundError,
  PartialFailureError,
  RefusedError,
  UnhealthyError,
} from '../../../src/errors.ts';

const operation = (type: string) => ({ type, subject: 'bob', cause: 'not found' });
const first = operation('secret.set');
const operations = [first, operation('server.add'), operation('server.remove')];
const task = { kind: 'user', name: 'bob', operations } as const;
const never = AbortSignal.any([]);
const refused = new RefusedError('No.', { code: 'TOO_RISKY', suggestions: ['ask'] });

test('what is behind the operation that failed was not tried', async () => {
  const tried = await attempt(never, task, async (report) => {
    report(first, 'done');
    throw refused;
  });
  expect(tried.rows.map(({ outcome }) => outcome)).toEqual(['done', 'failed', 'not-tried']);
  expect(failuresOf([tried])).toEqual([
    { kind: 'user', name: 'bob', code: 'TOO_RISKY', problem: 'No.', suggestions: ['ask'] },
  ]);
});

test('all that was to be done is done when nothing failed', async () => {
  const tried = await attempt(never, task, async () => undefined);
  expect(tried.rows.map(({ outcome }) => outcome)).toEqual(['done', 'done', 'done']);
  expect(failuresOf([tried])).toEqual([]);
  expect(endingOf([tried], 1)).toBeUndefined();
});

test('Ctrl-C is no failure of whoever was at it', async () => {
  const reason = new Error('Interrupted.');
  const trying = attempt(AbortSignal.abort(reason), task, () => Promise.reject(refused));
  await expect(trying).rejects.toBe(reason);
});

test('one thing alone ends the command as it failed itself, one of several with 7', async () => {
  const ofOne = await attempt(never, task, () => Promise.reject(refused));
  expect(endingOf([ofOne], 1)).toMatchObject({ exitCode: 8, code: 'TOO_RISKY' });
  expect(endingOf([ofOne], 2)).toEqual({ exitCode: 7, code: 'PARTIAL_FAILURE' });
  const bug = await attempt(never, task, () => Promise.reject(new TypeError('x is undefined')));
  expect(endingOf([bug], 1)).toMatchObject({ exitCode: 1 });
  expect(failuresOf([bug])).toMatchObject([
    { code: 'UNEXPECTED', problem: 'x is undefined (this should not happen)' },
  ]);
  const gone = new NotFoundError('No bob.', { code: 'USER_NOT_FOUND' });
  const other = await attempt(never, task, () => Promise.reject(gone));
  expect(failuresOf([ofOne, other]).map(({ code }) => code)).toEqual([
    'TOO_RISKY',
    'USER_NOT_FOUND',
  ]);
});

test.each([
  [true, new UnhealthyError('Not ready.', { code: 'NOT_READY' })],
  [true, new PartialFailureError('1 of 3.', { code: 'PARTIAL_FAILURE' })],
  [true, new EngineError('No.', { code: 'ENGINE_ERROR' })],
  [false, new EngineError('No image.', { code: 'IMAGE_BUILD_FAILED' })],
  [false, refused],
])('that something changed is %s of what failed with %s', async (changed, error) => {
  const tried = await attempt(never, task, () => Promise.reject(error));
  expect(hasChanged(tried)).toBe(changed);
  const build = { ...task, kind: 'template' } as const;
  expect(hasChanged(await attempt(never, build, () => Promise.reject(error)))).toBe(false);
});

test('what was done before something was refused has changed', async () => {
  const tried = await attempt(never, task, async (report) => {
    report(first, 'done');
    throw refused;
  });
  expect(hasChanged(tried)).toBe(true);
});

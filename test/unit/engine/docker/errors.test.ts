import { expect, test } from 'vitest';
import { hasStatus, toMcpdError, translate } from '../../../../src/engine/docker/errors.ts';
import {
  ConflictError,
  EngineError,
  EngineUnreachableError,
  NotFoundError,
  UsageError,
} from '../../../../src/errors.ts';

function answer(statusCode: number, reason: string | undefined, words: string) {
  const message = `(HTTP code ${statusCode}) ${reason ?? 'unexpected'} - ${words} `;
  return Object.assign(new Error(message), { statusCode, reason });
}

test.each([
  [404, NotFoundError],
  [409, ConflictError],
  [500, EngineError],
])('an answer with status %i becomes our class, with only the engine’s words', (status, type) => {
  const error = toMcpdError(answer(status, 'some reason', 'No such image: x'));
  expect(error).toBeInstanceOf(type);
  expect(error.message).toBe('The engine says: No such image: x');
});

test.each(['ECONNREFUSED', 'ENOENT', 'ECONNRESET', 'EACCES'])(
  '%s on the socket means that no engine can be reached, and says what to do',
  (code) => {
    const error = toMcpdError(Object.assign(new Error('connect'), { code }));
    expect(error).toBeInstanceOf(EngineUnreachableError);
    expect(error.exitCode).toBe(5);
    expect(error.suggestions.length).toBeGreaterThan(0);
  },
);

test('missing rights are told apart from a missing engine', () => {
  const error = toMcpdError(Object.assign(new Error('connect'), { code: 'EACCES' }));
  expect(error.suggestions.join()).toContain('usermod -aG docker');
});

test('words in a message decide nothing', () => {
  expect(toMcpdError(new Error('ECONNREFUSED 404 no such container'))).toBeInstanceOf(EngineError);
});

test('our own errors pass unchanged', async () => {
  const ours = new UsageError('bad', { code: 'BAD' });
  await expect(translate(Promise.reject(ours))).rejects.toBe(ours);
});

test('a status is recognised among several', () => {
  expect(hasStatus(answer(304, undefined, ''), 304, 404)).toBe(true);
  expect(hasStatus(answer(500, undefined, ''), 304, 404)).toBe(false);
  expect(hasStatus(new Error('304'), 304)).toBe(false);
});

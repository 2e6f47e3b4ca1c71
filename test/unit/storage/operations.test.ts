import { expect, test } from 'vitest';
import { storageOperations } from '../../../src/storage/operations.ts';

const mib = 2 ** 20;
const mounted = { mounted: true, imageBytes: 32 * mib };

test('what is done to a workspace is listed with its sizes', () => {
  const plain = { mounted: false, imageBytes: undefined };
  expect(storageOperations('bob', plain, { action: 'move', bytes: 64 * mib })).toEqual([
    { type: 'storage.move', subject: 'bob', cause: 'into a file system of 64MiB' },
  ]);
  expect(storageOperations('bob', mounted, { action: 'keep', growTo: 64 * mib })).toEqual([
    { type: 'storage.grow', subject: 'bob', cause: '32MiB → 64MiB' },
  ]);
  expect(storageOperations('bob', mounted, { action: 'unpack' })).toEqual([
    { type: 'storage.unpack', subject: 'bob', cause: 'it has no quota' },
  ]);
});

test('an image that is as it should be is only mounted, when it is not', () => {
  const decision = { action: 'keep', growTo: undefined } as const;
  expect(storageOperations('bob', mounted, decision)).toEqual([]);
  expect(storageOperations('bob', { ...mounted, mounted: false }, decision)).toEqual([
    { type: 'storage.mount', subject: 'bob', cause: 'not mounted' },
  ]);
});

test('what is left or refused has no operation', () => {
  expect(storageOperations('bob', mounted, { action: 'leave' })).toEqual([]);
  const refused = { action: 'refuse', reason: '', code: '' } as const;
  expect(storageOperations('bob', mounted, refused)).toEqual([]);
});

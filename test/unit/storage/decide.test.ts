import { describe, expect, test } from 'vitest';
import { decideVolume, usableBytes, type VolumeFacts } from '../../../src/storage/decide.ts';

const mib = 2 ** 20;
const own = (bytes: number) => ({ bytes, promised: true }) as const;
const byDefault = (bytes: number) => ({ bytes, promised: false }) as const;

function decide(facts: Partial<VolumeFacts>) {
  return decideVolume({
    quota: undefined,
    obstacle: undefined,
    imageBytes: undefined,
    mounted: false,
    unfilled: false,
    used: { bytes: 0, entries: 0 },
    ...facts,
  });
}

test('without a quota a folder is left alone', () => {
  expect(decide({})).toEqual({ action: 'leave' });
});

test('a first quota moves the files into an image of its size', () => {
  const used = { bytes: 5 * mib, entries: 9 };
  expect(decide({ quota: own(64 * mib), used })).toEqual({ action: 'move', bytes: 64 * mib });
});

test('a quota that is taken away moves the files back', () => {
  expect(decide({ imageBytes: 64 * mib })).toEqual({ action: 'unpack' });
});

test('the same quota again changes nothing', () => {
  const facts = { quota: own(64 * mib), imageBytes: 64 * mib };
  expect(decide(facts)).toEqual({ action: 'keep', growTo: undefined });
});

test('a larger quota grows the image', () => {
  const facts = { quota: own(64 * mib), imageBytes: 32 * mib };
  expect(decide(facts)).toEqual({ action: 'keep', growTo: 64 * mib });
});

test('growth that was cut short is finished', () => {
  const facts = { quota: own(64 * mib), imageBytes: 64 * mib, unfilled: true };
  expect(decide(facts)).toEqual({ action: 'keep', growTo: 64 * mib });
});

test('a smaller quota moves the files when they fit', () => {
  const facts = { quota: own(32 * mib), imageBytes: 64 * mib };
  expect(decide(facts)).toEqual({ action: 'move', bytes: 32 * mib });
});

describe('files that do not fit', () => {
  const used = { bytes: 30 * mib, entries: 3 };

  test.each([undefined, 64 * mib])('refuse a quota of their user, with the arithmetic', (image) => {
    expect(decide({ quota: own(32 * mib), imageBytes: image, used })).toEqual({
      action: 'refuse',
      code: 'STORAGE_TOO_SMALL',
      reason: '30MiB are in the workspace, and 32MiB have room for 24.1MiB.',
    });
  });

  test('keep the host’s default from being enforced, and leave an image as large as it is', () => {
    const quota = byDefault(32 * mib);
    const notice = expect.stringContaining('not enforced: 30MiB are in the workspace') as string;
    expect(decide({ quota, used })).toEqual({ action: 'leave', notice });
    expect(decide({ quota, used, imageBytes: 64 * mib })).toEqual({
      action: 'keep',
      growTo: undefined,
      notice,
    });
  });

  test('may be too many instead of too large', () => {
    const many = { bytes: mib, entries: 10_000 };
    expect(decide({ quota: own(32 * mib), used: many })).toMatchObject({
      action: 'refuse',
      reason: '10000 files are in the workspace, and 32MiB have room for 3891.',
    });
  });
});

describe('where nothing can be enforced', () => {
  const obstacle = 'mcpd is not run as root';

  test('a quota of the user is an error, and the host’s default is only measured', () => {
    expect(decide({ quota: own(32 * mib), obstacle })).toMatchObject({
      action: 'refuse',
      code: 'STORAGE_NOT_ENFORCEABLE',
    });
    expect(decide({ quota: byDefault(32 * mib), obstacle })).toEqual({ action: 'leave' });
  });

  test('an image is an error even without a quota: its files could not be seen', () => {
    expect(decide({ imageBytes: 32 * mib, obstacle }).action).toBe('refuse');
  });
});

test('room for files is never more than the size', () => {
  for (const bytes of [0, 16 * mib, 2 ** 31, 2 ** 40]) {
    expect(usableBytes(bytes)).toBeGreaterThanOrEqual(0);
    expect(usableBytes(bytes)).toBeLessThanOrEqual(bytes);
  }
});

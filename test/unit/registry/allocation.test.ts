import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  allocatePort,
  allocatePortBlock,
  allocateSubnet,
  allocateUid,
  firstFreeSlot,
} from '../../../src/registry/allocation.ts';
import { formatCidr, parseCidr } from '../../../src/registry/cidr.ts';

const interval = fc
  .tuple(fc.integer({ min: -5, max: 45 }), fc.integer({ min: 0, max: 8 }))
  .map(([first, length]) => ({ first, last: first + length }));

describe('firstFreeSlot', () => {
  test('gives what looking at every slot in turn would', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 40 }),
        fc.array(interval, { maxLength: 8 }),
        fc.integer({ min: 0, max: 100 }),
        fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 6 }),
        (count, taken, offset, refused) => {
          const order = Array.from({ length: count }, (_, index) => (index + offset) % count);
          const expected = order.find(
            (slot) =>
              !refused.includes(slot) &&
              !taken.some(({ first, last }) => first <= slot && slot <= last),
          );
          const accept = (slot: number): boolean => !refused.includes(slot);
          expect(firstFreeSlot({ count, taken, offset, accept })).toBe(expected);
        },
      ),
    );
  });
});

describe('allocatePortBlock', () => {
  const block = fc
    .tuple(fc.integer({ min: 990, max: 1060 }), fc.integer({ min: 0, max: 15 }))
    .map(([start, length]) => ({ start, end: start + length }));

  test('gives a block inside the range that overlaps no other, of whatever size, and has a free port', () => {
    fc.assert(
      fc.property(
        fc.array(block, { maxLength: 6 }),
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 0, max: 2 ** 40 }),
        fc.uniqueArray(fc.integer({ min: 1000, max: 1049 }), { maxLength: 40 }),
        (taken, size, offset, busy) => {
          const range = { start: 1000, end: 1049 };
          const isPortFree = (port: number): boolean => !busy.includes(port);
          const given = allocatePortBlock({ range, size, taken, offset, isPortFree });
          if (given === undefined) return;
          expect(given.end - given.start + 1).toBe(size);
          expect(given.start).toBeGreaterThanOrEqual(range.start);
          expect(given.end).toBeLessThanOrEqual(range.end);
          expect(taken.filter((one) => one.start <= given.end && given.start <= one.end)).toEqual(
            [],
          );
          expect(
            Array.from({ length: size }, (_, index) => given.start + index).some(isPortFree),
          ).toBe(true);
        },
      ),
    );
  });

  test('gives every block of the range before it gives up, from any starting point', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 40 }), (offset) => {
        const taken: { start: number; end: number }[] = [];
        const next = (): { start: number; end: number } | undefined =>
          allocatePortBlock({
            range: { start: 1000, end: 1049 },
            size: 10,
            taken,
            offset,
            isPortFree: () => true,
          });
        for (let given = next(); given; given = next()) taken.push(given);
        expect(taken.map((one) => one.start).toSorted((a, b) => a - b)).toEqual([
          1000, 1010, 1020, 1030, 1040,
        ]);
      }),
    );
  });

  test('skips a block none of whose ports is free, and keeps one with a single free port', () => {
    const given = allocatePortBlock({
      range: { start: 1000, end: 1029 },
      size: 10,
      taken: [],
      offset: 0,
      isPortFree: (port) => port >= 1019,
    });
    expect(given).toEqual({ start: 1010, end: 1019 });
  });
});

describe('allocatePort', () => {
  test('gives the lowest port of the block that is neither taken nor held', () => {
    const block = { start: 1000, end: 1003 };
    const isPortFree = (port: number): boolean => port !== 1001;
    expect(allocatePort({ block, taken: new Set([1000]), isPortFree })).toBe(1002);
    expect(allocatePort({ block, taken: new Set([1000, 1002, 1003]), isPortFree })).toBeUndefined();
  });
});

describe('allocateSubnet', () => {
  const cidr = fc
    .tuple(fc.integer({ min: 0, max: 2 ** 32 - 1 }), fc.integer({ min: 1, max: 32 }))
    .map(([address, prefix]) => formatCidr(address, prefix));
  const nearby = fc
    .tuple(fc.integer({ min: 0, max: 1023 }), fc.integer({ min: 20, max: 32 }))
    .map(([host, prefix]) => formatCidr(0x0ac80000 + host, prefix));

  test('gives a subnet of the pool that overlaps no taken one, at any prefix', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(nearby, cidr), { maxLength: 12 }),
        fc.integer({ min: 0, max: 2 ** 40 }),
        (taken, offset) => {
          const given = allocateSubnet({ pool: '10.200.0.0/22', prefix: 28, taken, offset });
          const slots = Array.from({ length: 64 }, (_, slot) =>
            formatCidr(0x0ac80000 + slot * 16, 28),
          );
          const free = slots.filter((slot) => !taken.some((one) => overlap(one, slot)));
          expect(free.length > 0 ? free : [undefined]).toContain(given);
        },
      ),
    );
  });

  test('a route that covers the whole pool leaves nothing, but a default route does', () => {
    const ask = (taken: string[]): string | undefined =>
      allocateSubnet({ pool: '10.200.0.0/14', prefix: 28, taken, offset: 0 });
    expect(ask(['10.0.0.0/8'])).toBeUndefined();
    expect(ask(['0.0.0.0/0', 'fd00::/8', 'default'])).toBe('10.200.0.0/28');
  });

  test('a pool smaller than one network has none', () => {
    expect(
      allocateSubnet({ pool: '10.200.0.0/29', prefix: 28, taken: [], offset: 0 }),
    ).toBeUndefined();
  });

  function overlap(a: string, b: string): boolean {
    const [one, other] = [parseCidr(a), parseCidr(b)];
    return !!one && !!other && one.first <= other.last && other.first <= one.last;
  }
});

test('allocateUid gives the lowest uid that is not taken', () => {
  const uid = fc.integer({ min: 1990, max: 2012 });
  fc.assert(
    fc.property(fc.array(fc.tuple(uid, fc.nat(4))), (drawn) => {
      const taken = drawn.map(([first, more]) => ({ first, last: first + more }));
      const expected = Array.from({ length: 10 }, (_, index) => 2000 + index).find(
        (one) => !taken.some(({ first, last }) => first <= one && one <= last),
      );
      const range = { start: 2000, end: 2009 };
      expect(allocateUid({ range, taken, barred: [], offset: 0 })).toBe(expected);
      expect(allocateUid({ range, taken, barred: taken, offset: 0 })).toBe(expected);
    }),
  );
});

test('homes that begin elsewhere get each another uid, though half of the range is the host’s', () => {
  const range = { start: 2000, end: 2009 };
  const barred = [
    { first: 1900, last: 2003 },
    { first: 2006, last: 2006 },
  ];
  const offsets = Array.from({ length: 5 }, (_, offset) => offset);
  const uids = offsets.map((offset) => allocateUid({ range, taken: barred, barred, offset }));
  expect(uids).toEqual([2004, 2005, 2007, 2008, 2009]);
  expect(allocateUid({ range, taken: barred, barred, offset: 5 })).toBe(2004);
});

test('a CIDR is read back as it was written, with its host bits cleared', () => {
  expect(parseCidr('10.200.0.17/28')).toEqual({ first: 0x0ac80010, last: 0x0ac8001f, prefix: 28 });
  expect(formatCidr(0x0ac80010, 28)).toBe('10.200.0.16/28');
  expect(parseCidr('255.255.255.255')?.last).toBe(2 ** 32 - 1);
  expect(parseCidr('10.0.0.256/8')).toBeUndefined();
  expect(parseCidr('10.0.0.0/33')).toBeUndefined();
});

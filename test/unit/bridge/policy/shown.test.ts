import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Shown } from '../../../../src/bridge/policy/shown.ts';

const most = (count: number) => ({ allow: null, deny: [], most: count });
const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];

test('whoever lists, and however often: never more names are available than may be shown', () => {
  const page = fc.record({
    names: fc.array(fc.constantFrom(...names), { maxLength: 4 }),
    cursor: fc.option(fc.constantFrom('1', '2', '3'), { nil: undefined }),
    next: fc.option(fc.constantFrom('1', '2', '3'), { nil: undefined }),
  });
  fc.assert(
    fc.property(fc.nat(4), fc.array(page, { maxLength: 20 }), (count, pages) => {
      const shown = new Shown();
      for (const one of pages) {
        const isShown = shown.show(most(count), one);
        const available = names.filter((name) => shown.isAvailable(most(count), name));
        expect(available.length).toBeLessThanOrEqual(count);
        // What a client sees it may call.
        expect(available).toEqual(
          expect.arrayContaining(one.names.filter((_, index) => isShown[index])),
        );
      }
    }),
  );
});

test('a list that has become shorter takes its last names along', () => {
  const shown = new Shown();
  const list = (all: string[]) =>
    shown.show(most(3), { names: all, cursor: undefined, next: undefined });
  list(['a', 'b', 'c']);
  list(['a']);
  expect(shown.isAvailable(most(3), 'a')).toBe(true);
  expect(shown.isAvailable(most(3), 'c')).toBe(false);
});

test('after a change what is still allowed stays available, as far as there are places', () => {
  const shown = new Shown();
  shown.show(most(3), { names: ['a', 'b', 'c'], cursor: undefined, next: undefined });
  const stricter = { allow: null, deny: ['a'], most: 1 };
  shown.change(stricter);
  expect(names.filter((name) => shown.isAvailable(stricter, name))).toEqual(['b']);
});

test('a page whose cursor nobody was given shows what is available already', () => {
  const shown = new Shown();
  shown.show(most(2), { names: ['a', 'b'], cursor: undefined, next: '2' });
  expect(shown.show(most(2), { names: ['b', 'c'], cursor: '9', next: undefined })).toEqual([
    true,
    false,
  ]);
});

import type { Images } from '../../../src/engine/engine.ts';

/** An image store without a single image, but for what a test overrides. */
export function fakeImages(overrides: Partial<Images> = {}): Images {
  const unexpected = (what: string) => () => Promise.reject(new Error(`unexpected ${what}`));
  return {
    id: () => Promise.resolve(undefined),
    pull: () => Promise.resolve(false),
    import: unexpected('import'),
    build: unexpected('build'),
    list: () => Promise.resolve([]),
    remove: unexpected('remove'),
    ...overrides,
  };
}

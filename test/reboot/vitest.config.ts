import { defineConfig } from 'vitest/config';

// Apart from the other tests: it installs a Debian system first, which takes minutes.
export default defineConfig({
  test: {
    include: ['test/reboot/*.test.ts'],
    root: `${import.meta.dirname}/../..`,
    testTimeout: 180_000,
    hookTimeout: 900_000,
  },
});

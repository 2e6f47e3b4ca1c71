import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

const report = process.env['TEST_REPORT'];

export default defineConfig({
  test: {
    // What CI counts; see .ci/counts.mjs.
    reporters: report ? ['default', ['json', { outputFile: report }]] : ['default'],
    // One more than usual: most tests wait for a container or a process most of the time.
    maxWorkers: availableParallelism(),
    restoreMocks: true,
    unstubEnvs: true,
    projects: [
      project('unit', { testTimeout: 20_000 }),
      project('bridge', { testTimeout: 30_000 }),
      // Spawns the built command line.
      project('cli', { testTimeout: 60_000, hookTimeout: 120_000 }),
      // Real containers: they share one engine and two or more processors.
      project('e2e', { testTimeout: 180_000, hookTimeout: 300_000 }),
    ],
  },
});

function project(name: string, timeouts: { testTimeout: number; hookTimeout?: number }) {
  return {
    extends: true as const,
    test: { name, include: [`test/${name}/**/*.test.ts`], ...timeouts },
  };
}

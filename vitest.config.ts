import { defineConfig } from 'vitest/config';

/**
 * What starts threads and processes of its own, what counts those of its process, what puts another module in the place of one, and what
 * shares a package that can be made ready once in a process only: each file in a process of its own. These take longest and come first.
 */
const ISOLATED = [
  'test/engine/**/*.test.ts',
  'test/curation/**/*.test.ts',
  'test/formats/**/*.test.ts',
  'test/**/browser.test.ts',
  'test/kernels/wasm.test.ts',
];

export default defineConfig({
  test: {
    testTimeout: 60_000,
    hookTimeout: 60_000,
    expect: { requireAssertions: true },
    // Engine tests start worker threads of their own; more forks than cores only makes them wait for each other.
    maxWorkers: 2,
    projects: [
      { extends: true, test: { name: 'isolated', include: ISOLATED } },
      {
        extends: true,
        test: {
          name: 'units',
          include: ['test/**/*.test.ts'],
          exclude: ISOLATED,
          // Modules are loaded once for many files: to load them for each takes longer than most of these tests.
          isolate: false,
        },
      },
    ],
  },
});

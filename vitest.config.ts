import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    expect: { requireAssertions: true },
    // Engine tests start worker threads of their own; more forks than cores only makes them wait for each other.
    maxWorkers: 2,
  },
});

import { defineConfig } from 'vitest/config';

// The manifest has a run of its own, after all others: it reads their reports.
export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'tests/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    maxWorkers: 2,
  },
});

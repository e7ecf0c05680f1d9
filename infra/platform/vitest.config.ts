import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    // Each file starts whole platforms; one at a time is faster than all at once.
    fileParallelism: false,
  },
});

import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    // Each file with a Keycloak of its own; one at a time is faster than all at once.
    fileParallelism: false,
  },
});

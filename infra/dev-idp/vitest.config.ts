import { defineConfig } from 'vitest/config';

// Every file starts a provider of its own, so one worker can serve them all and load the library once.
export default defineConfig({ test: { isolate: false } });

import { defineConfig } from 'vitest/config';
import { missingForKeycloak } from './tests/keycloak/fixture/left-out/missing.ts';

/** Scenarios against a platform, whatever its identity provider. */
const conformance = ['tests/conformance/{server,authorization-server}.test.ts'];

const missing = missingForKeycloak(process.env);
if (missing !== undefined)
  process.stderr.write(`The tests on Keycloak are skipped: they need ${missing}, which is not here.\n`);

// The manifest has a run of its own, after all others: it reads their reports.
export default defineConfig({
  test: {
    testTimeout: 60_000,
    hookTimeout: 120_000,
    maxWorkers: 2,
    projects: [
      {
        extends: true,
        test: {
          name: 'e2e',
          include: ['src/**/*.test.ts', 'tests/**/*.test.ts'],
          exclude: [
            'tests/clients/**',
            'tests/keycloak/**',
            'tests/compose/**',
            'tests/secret-scan/**',
            ...conformance,
          ],
        },
      },
      {
        extends: true,
        test: {
          name: 'clients',
          include: ['tests/clients/*.test.ts', ...conformance],
          globalSetup: ['tests/clients/fixture/shared-platform.ts'],
          setupFiles: ['src/secret-scan/shared/observe-tests.ts'],
        },
      },
      {
        extends: true,
        test: {
          name: 'keycloak',
          include: [
            'tests/keycloak/*.test.ts',
            ...conformance,
            'tests/clients/{sdk-v1,sdk-v2,inspector}.test.ts',
          ],
          ...(missing === undefined
            ? {
                globalSetup: ['tests/keycloak/fixture/shared-keycloak.ts'],
                setupFiles: ['src/secret-scan/shared/observe-tests.ts'],
              }
            : {
                globalSetup: ['tests/keycloak/fixture/left-out/nothing-shared.ts'],
                runner: 'tests/keycloak/fixture/left-out/skipping-runner.ts',
              }),
          // They restart it, rotate its keys and disable its users.
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: 'secret-scan',
          include: ['tests/secret-scan/*.test.ts'],
          // After the projects whose platforms it looks at.
          sequence: { groupOrder: 2 },
        },
      },
      {
        extends: true,
        test: {
          name: 'containers',
          include: ['tests/compose/*.test.ts'],
          // After all others: it builds images and starts everything at once.
          sequence: { groupOrder: 3 },
        },
      },
    ],
  },
});

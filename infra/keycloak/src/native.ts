import { join } from 'node:path';
import { launch } from '@mcp-obo/testbed/launch';
import { prepareDistribution } from './distribution.ts';
import { createRunHome } from './run-home.ts';
import type { Runtime, RuntimeOptions } from './runtime.ts';
import { buildSettings, startSettings } from './settings.ts';

/** Keycloak under Java on this machine. */
export async function nativeRuntime(options: RuntimeOptions): Promise<Runtime> {
  const { dir, env, otlp, trustedCaFile, runDir, logFile } = options;
  const { home: distribution, admin } = await prepareDistribution(options);
  const home = await createRunHome(distribution, join(dir, 'keycloak'));
  return {
    admin,
    launch: async (args) =>
      launch({
        name: 'Keycloak',
        command: join(home, 'bin', 'kc.sh'),
        args,
        env: {
          ...env,
          ...buildSettings,
          ...startSettings({ otlp, trustedCaFile }),
          ...(runDir !== undefined && { MCP_OBO_RUN_DIR: runDir }),
        },
        logFile,
      }),
  };
}

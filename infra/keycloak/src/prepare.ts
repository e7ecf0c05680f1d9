import { defaultCacheDir } from '@mcp-obo/images';
import { type DistributionOptions, prepareDistribution } from './distribution.ts';
import { systemEnvironment } from './environment.ts';

/**
 * Gets and builds the Keycloak that runs under Java on this machine, so that no start has to; returns at once
 * where that was done before.
 *
 * @throws KeycloakProblem with one sentence when Java, Maven or the distribution is not to be had.
 */
export async function prepareKeycloak(
  options: Pick<DistributionOptions, 'say' | 'signal'> = {},
): Promise<void> {
  await prepareDistribution({ ...options, cacheDir: defaultCacheDir(), env: systemEnvironment() });
}

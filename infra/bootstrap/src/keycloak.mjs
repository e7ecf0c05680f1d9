import { keycloakVersion } from '@mcp-obo/images';
import { prepareKeycloak } from '@mcp-obo/keycloak';

/**
 * Gets Keycloak for a machine without containers.
 *
 * @param {{ say?: (line: string) => void, prepare?: typeof prepareKeycloak }} options
 * @returns {Promise<{ ready: boolean, message: string }>} one line: what was found, or what to do
 */
export async function prepareNativeKeycloak({ say, prepare = prepareKeycloak }) {
  try {
    await prepare({ ...(say !== undefined && { say }) });
    return { ready: true, message: `Keycloak ${keycloakVersion} under Java` };
  } catch (error) {
    const [reason = ''] = /** @type {Error} */ (error).message.split('\n');
    return { ready: false, message: `No Keycloak: ${reason.replace(/\.$/, '')}` };
  }
}

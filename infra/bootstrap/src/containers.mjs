import { ensureCompose, ensureImages, openEngine, runCommand } from '@mcp-obo/images';

/** What the end-to-end tests start in containers. */
const images = [
  'node:24-bookworm-slim',
  'redis:7-bookworm',
  'nginx:1',
  'quay.io/keycloak/keycloak:26.7.3',
  'prom/prometheus:v2.42.0',
];

/**
 * @typedef {object} Containers
 * @property {boolean} ready
 * @property {string} message what was found or made, or what to do; one line
 * @property {() => Promise<void>} stop ends the engine where it was started here
 */

/**
 * Finds or starts a container engine and makes the images that the tests start. Where there is none and none may be
 * made, the tests run on native parts; the message says so.
 *
 * @param {{ mayInstall: boolean, say: (line: string) => void, onLine?: (line: string) => void, open?: typeof openEngine, compose?: typeof ensureCompose, ensure?: typeof ensureImages }} options
 * @returns {Promise<Containers>}
 */
export async function prepareContainers({
  mayInstall,
  say,
  onLine,
  open = openEngine,
  compose = ensureCompose,
  ensure = ensureImages,
}) {
  let stop = async () => {};
  try {
    const engine = await open({ mayInstall, say });
    stop = engine.stop;
    const { version } = await compose({ mayInstall, say, run: runCommand });
    const made = await ensure({ images, mayInstall, say, ...(onLine !== undefined && { onLine }) });
    const fresh = made.filter(({ origin }) => origin !== 'kept').length;
    const about = fresh === 0 ? 'images as before' : `${fresh} of ${made.length} images made now`;
    const origin = engine.origin === 'found' ? 'found running' : 'started for these tests';
    return { ready: true, message: `${engine.version} (${origin}), compose ${version}, ${about}`, stop };
  } catch (error) {
    await stop();
    const reason = /** @type {Error} */ (error).message;
    return {
      ready: false,
      message: `No containers: ${reason.replace(/\.$/, '')}; Keycloak and Redis run natively instead, the compose file is not tried`,
      stop: async () => {},
    };
  }
}

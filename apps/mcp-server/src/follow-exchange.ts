import { readFileSync } from 'node:fs';
import type { TokenExchange, UserInteractions } from '@mcp-obo/exchange';
import type { Config } from './config.ts';

export interface FollowExchangeOptions {
  /** Opens the exchange with the secrets as they are now. */
  readonly open: () => TokenExchange;
  /** Told after a new secret is in use. */
  readonly onReload: () => void;
  /** Told once why a new secret was not taken; the old one stays in use. */
  readonly onFault: (error: unknown) => void;
  /** Milliseconds between two looks. Default 5,000. */
  readonly everyMs?: number;
}

/**
 * An exchange that takes a changed secret of this server over without a restart. Calls that have begun end with
 * what they began with. Compares what is in the file, so that the links of a mounted secret may move.
 *
 * @throws ConfigError when the secret cannot be used now.
 */
export function followExchange(
  { client_secret, private_key, certificate, certificate_key, ca }: Config['exchange'],
  { open, onReload, onFault, everyMs = 5000 }: FollowExchangeOptions,
): TokenExchange {
  const settings = [client_secret, private_key, certificate, certificate_key, ca];
  const files = settings.map((setting) => setting?.file).filter((file) => file !== undefined);
  let last = textsOf(files);
  let current = open();

  function look(): void {
    const texts = textsOf(files);
    if (texts === last) return;
    last = texts;
    try {
      const old = current;
      current = open();
      void old.close();
      onReload();
    } catch (error) {
      onFault(error);
    }
  }

  const timer = setInterval(look, everyMs).unref();
  return {
    onBehalfOf: (request) => current.onBehalfOf(request),
    forMachine: (request) => current.forMachine(request),
    ...(current.interactions !== undefined && {
      interactions: {
        start: (request) => interactionsOf(current).start(request),
        login: (request) => interactionsOf(current).login(request),
        finish: (request) => interactionsOf(current).finish(request),
      },
    }),
    close() {
      clearInterval(timer);
      return current.close();
    },
  };
}

/** Whether there are any follows from settings that do not change while the process runs. */
function interactionsOf({ interactions }: TokenExchange): UserInteractions {
  if (interactions === undefined) throw new TypeError('The exchange lost its interactions.');
  return interactions;
}

function textsOf(files: readonly string[]): string {
  return JSON.stringify(
    files.map((file) => {
      try {
        return { text: readFileSync(file, 'utf8') };
      } catch (error) {
        return { error: String(error) };
      }
    }),
  );
}

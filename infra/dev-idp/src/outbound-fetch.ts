import { Agent, fetch as undiciFetch } from 'undici';
import { isLoopback } from './loopback.ts';

type Fetch = (url: string | URL, options?: RequestInit) => Promise<Response>;

/**
 * The provider's way out: client metadata documents, client keys and logout tokens. Everywhere but on
 * loopback the library's dispatcher, which refuses private addresses, stays in charge; loopback is where
 * development clients live, so it is reached without that guard and with the authority given here.
 */
export function createOutboundFetch(options: { readonly ca?: string; readonly fetch: Fetch }): Fetch {
  const agent = new Agent(options.ca === undefined ? {} : { connect: { ca: options.ca } });
  return async (url, init) => {
    if (!isLoopback(url)) return options.fetch(url, init);
    const answer = await undiciFetch(url, { ...(init as object), dispatcher: agent });
    return answer as unknown as Response;
  };
}

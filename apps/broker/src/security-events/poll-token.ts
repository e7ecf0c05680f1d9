import { createUpstream } from '@mcp-obo/exchange';
import { idpProfile } from '@mcp-obo/idp-profile';
import type { BrokerConfig, IssuerConfig } from '../config.ts';
import type { BrokerDeps } from '../deps.ts';
import { credentialOf, network } from '../upstreams.ts';
import type { PollRequestOptions } from './poll-request.ts';
import type { SecurityEventsConfig } from './section.ts';

type PollConfig = NonNullable<SecurityEventsConfig['poll']>;

/** Seconds for which a token is used whose issuer does not say how long it lives. */
const shortLife = 60;

/**
 * What is shown to a transmitter: a token of its own making, or one that our registration at the issuer gets by client
 * credentials (RFC 6749 §4.4), used for four fifths of its life and never after it was refused.
 */
export function createPollToken(
  { endpoint, token: given, client, scopes }: PollConfig,
  {
    issuer,
    config,
    deps,
  }: { readonly issuer: IssuerConfig; readonly config: BrokerConfig; readonly deps: BrokerDeps },
): PollRequestOptions['token'] {
  if (given !== undefined) return async () => given;
  if (client === undefined) throw new TypeError('A poll needs either a token or a client.');
  const upstream = createUpstream({
    ...network(config, deps),
    issuer: issuer.issuer,
    tenant: issuer.tenant,
    profile: idpProfile(issuer.profile),
    credentials: { poll: credentialOf(client) },
    guard: { retries: 0 },
    ...(issuer.token_endpoint === undefined ? {} : { tokenEndpoint: issuer.token_endpoint }),
  });
  let known: { readonly token: string; readonly until: number } | undefined;

  return async (renewed) => {
    const now = deps.now();
    if (known !== undefined && !renewed && now < known.until) return known.token;
    const request = { client: 'poll', audience: endpoint, scopes, scopePrefix: '', notAfter: Infinity };
    const { accessToken, expiresIn = shortLife } = await upstream.clientCredentials(request);
    known = { token: accessToken, until: now + expiresIn * 800 };
    return accessToken;
  };
}

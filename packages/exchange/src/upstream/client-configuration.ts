import { allowInsecureRequests, Configuration, type CustomFetch, customFetch } from 'openid-client';
import type { Fetch } from './answer-fetch.ts';
import { clientAuthentication } from './client-authentication.ts';
import type { UpstreamCredential } from './upstream.ts';

/** One registration of ours and one endpoint of an issuer where it authenticates. */
export interface ClientEndpointOptions {
  readonly issuer: string;
  readonly url: string;
  readonly credential: UpstreamCredential;
  /** `aud` of our client assertion: the issuer's name, or the URL of the endpoint. */
  readonly assertionAudience: string;
  /** True when a signed client assertion may be sent again within its life. */
  readonly reusesAssertion: boolean;
  readonly fetch: Fetch;
  /** Milliseconds for one request, its answer included. */
  readonly timeoutMs: number;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** A fresh unguessable string. */
  readonly random: () => string;
}

/** Which endpoint the URL is, by its name in the issuer's metadata. */
type EndpointName = 'token_endpoint' | 'revocation_endpoint';

/** What `openid-client` is to know of the registration. @param fetch what stands between it and the network */
export function clientConfiguration(
  name: EndpointName,
  {
    issuer,
    url,
    credential,
    assertionAudience,
    reusesAssertion,
    timeoutMs,
    now,
    random,
  }: ClientEndpointOptions,
  fetch: Fetch,
): Configuration {
  const authentication = clientAuthentication(credential, {
    audience: assertionAudience,
    reuse: reusesAssertion,
    now,
    random,
  });
  const configuration = new Configuration({ issuer, [name]: url }, credential.clientId, {}, authentication);
  configuration[customFetch] = fetch as CustomFetch;
  configuration.timeout = timeoutMs / 1000;
  if (url.startsWith('http:')) allowInsecureRequests(configuration);
  return configuration;
}

/** An error and what it was made of, outermost first. */
export function causesOf(error: unknown): readonly unknown[] {
  const chain: unknown[] = [];
  for (let current = error; current !== undefined && chain.length < 8; ) {
    chain.push(current);
    current = current instanceof Error ? current.cause : undefined;
  }
  return chain;
}

import type { ClientConfig } from '../config.ts';
import type { TokenForm } from '../token/form.ts';
import { matchesSecret } from './client-secret.ts';
import { type ClientCredential, readClientCredential, refused } from './credential.ts';
import type { AssertionVerifier, createAssertionVerifier } from './private-key-jwt.ts';

/** The part of a request that can prove who the client is. */
export interface ClientProof {
  /** All `Authorization` field lines. */
  readonly authorization: readonly string[];
  readonly form: TokenForm;
}

export interface ClientAuthenticatorOptions {
  readonly clients: readonly ClientConfig[];
  readonly assertionVerifier: ReturnType<typeof createAssertionVerifier>;
}

/** The registered client that sent the request. Rejects with `invalid_client` or `invalid_request`. */
export type ClientAuthenticator = (proof: ClientProof) => Promise<ClientConfig>;

/** Authenticates clients by the one method each is registered for (RFC 6749 §2.3, RFC 7523 §3). */
export function createClientAuthenticator(options: ClientAuthenticatorOptions): ClientAuthenticator {
  const byId = new Map(options.clients.map((client) => [client.id, client]));
  const verifiers = new Map(options.clients.flatMap((client) => verifierOf(client, options)));

  return async ({ authorization, form }) => {
    const credential = readClientCredential(authorization, form);
    return credential.method === 'private_key_jwt' ? await byAssertion(credential) : bySecret(credential);
  };

  function bySecret({ clientId, secret }: Extract<ClientCredential, { secret: string }>): ClientConfig {
    const client = byId.get(clientId);
    const hashes = client?.auth.method === 'client_secret' ? client.auth.secret : nobody;
    if (!matchesSecret(secret, hashes) || client === undefined) return refused('client_secret');
    return client;
  }

  async function byAssertion(credential: Extract<ClientCredential, { assertion: string }>) {
    const clientId = credential.clientId ?? claimedClient(credential.assertion);
    const client = byId.get(clientId ?? '');
    const verify = verifiers.get(clientId ?? '');
    if (client === undefined || verify === undefined) return refused('unknown_client');
    await verify(credential.assertion);
    return client;
  }
}

/** By the id of a client, if it is registered with keys. */
function verifierOf(
  { id, auth }: ClientConfig,
  { assertionVerifier }: ClientAuthenticatorOptions,
): readonly (readonly [string, AssertionVerifier])[] {
  if (auth.method !== 'private_key_jwt') return [];
  const { jwks, max_lifetime: maxLifetime, allow_reuse: allowReuse } = auth;
  return [[id, assertionVerifier({ clientId: id, jwks, maxLifetime, allowReuse })]];
}

/** Compared with when there is no such client, so that an answer takes as long for unknown ids. */
const nobody = ['0'.repeat(64)];

/** `client_id` may be left out with an assertion (RFC 7521 §4.2): `sub` then says whose keys to try. */
function claimedClient(assertion: string): string | undefined {
  try {
    const payload: unknown = JSON.parse(Buffer.from(assertion.split('.')[1] ?? '', 'base64url').toString());
    const sub = (payload as { sub?: unknown } | null)?.sub;
    return typeof sub === 'string' ? sub : undefined;
  } catch {
    return undefined;
  }
}

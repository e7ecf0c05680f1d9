import { createLocalJWKSet, decodeJwt, type JSONWebKeySet, jwtVerify } from 'jose';
import { basicCredentials } from './basic-credentials.ts';
import type { Form } from './form.ts';

/** A client that may show a secret, or sign an assertion with a key it registered. */
export interface RegisteredClient {
  readonly clientId: string;
  readonly secret?: string;
  readonly jwks?: JSONWebKeySet;
}

/** How a client proved itself, or why it did not. */
export type ClientProof<C> =
  | { readonly client: C }
  | { readonly failure: 'no_credentials' | 'two_methods' | 'unknown_client' | 'wrong_credentials' };

export interface ClientProofContext<C extends RegisteredClient> {
  readonly clients: readonly C[];
  readonly authorization: string | undefined;
  /** What client assertions must be like. */
  readonly assertions: AssertionRules;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

interface AssertionRules {
  /** `aud`. */
  readonly audience: string;
  /** Claims that must be there besides `iss`, `sub` and `aud`. */
  readonly required: readonly string[];
  /** Furthest `exp` from now, in seconds. */
  readonly maxLifetime: number;
  /** `jti` of assertions that were used up; grows with each that is accepted. */
  readonly used: Set<string>;
}

/** `client_secret_basic`, `client_secret_post` and `private_key_jwt`, one of them at a time (RFC 6749 §2.3). */
export async function proveClient<C extends RegisteredClient>(
  form: Form,
  context: ClientProofContext<C>,
): Promise<ClientProof<C>> {
  const basic = basicCredentials(context.authorization);
  const assertion = form.client_assertion;
  const secret = form.client_secret ?? basic?.secret;
  if (basic !== undefined && (form.client_secret !== undefined || assertion !== undefined)) {
    return { failure: 'two_methods' };
  }
  if (secret === undefined && assertion === undefined) return { failure: 'no_credentials' };
  const clientId = basic?.clientId ?? form.client_id ?? issuerOf(assertion);
  const client = context.clients.find((each) => each.clientId === clientId);
  if (client === undefined) return { failure: 'unknown_client' };
  const proved =
    assertion === undefined ? client.secret === secret : await signed(client, assertion, context);
  return proved ? { client } : { failure: 'wrong_credentials' };
}

async function signed<C extends RegisteredClient>(
  client: C,
  assertion: string,
  context: ClientProofContext<C>,
): Promise<boolean> {
  if (client.jwks === undefined) return false;
  const { audience, required, maxLifetime, used } = context.assertions;
  const claims = await jwtVerify(assertion, createLocalJWKSet(client.jwks), {
    issuer: client.clientId,
    subject: client.clientId,
    audience,
    requiredClaims: [...required],
    currentDate: new Date(context.now),
    clockTolerance: 10,
  }).then(
    ({ payload }) => payload,
    () => undefined,
  );
  if (claims?.exp === undefined || claims.exp > context.now / 1000 + maxLifetime) return false;
  if (claims.jti === undefined) return true;
  const fresh = !used.has(claims.jti);
  used.add(claims.jti);
  return fresh;
}

function issuerOf(assertion: string | undefined): string | undefined {
  try {
    return assertion === undefined ? undefined : decodeJwt(assertion).iss;
  } catch {
    return undefined;
  }
}

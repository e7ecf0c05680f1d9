import type { ClientConfig } from '../config.ts';
import { matchesSecret } from './client-secret.ts';
import { type ClientCredential, refused } from './credential.ts';
import type { createAssertionVerifier } from './private-key-jwt.ts';
import { checkRegisteredCertificate, checkTrustedCertificate } from './tls-client-auth.ts';
import { type createWorkloadTokenVerifier, jwtSvidKeys, serviceAccountClaims } from './workload-token.ts';

export interface ClientVerifierParts {
  readonly assertionVerifier: ReturnType<typeof createAssertionVerifier>;
  readonly workloadVerifier: ReturnType<typeof createWorkloadTokenVerifier>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** Checks a credential by the one method its client is registered for. Rejects with `invalid_client`. */
export type ClientVerifier = (credential: ClientCredential) => Promise<void>;

type Auth = ClientConfig['auth'];
type Method = Auth['method'];

/** How each method is checked; a credential of another kind is refused, whatever it holds. */
const verifiers: {
  readonly [M in Method]: (
    auth: Extract<Auth, { method: M }>,
    clientId: string,
    parts: ClientVerifierParts,
  ) => ClientVerifier;
} = {
  client_secret:
    ({ secret }) =>
    async (credential) => {
      if (!('secret' in credential)) refuseOther(credential);
      else if (!matchesSecret(credential.secret, secret)) refused('client_secret');
    },
  private_key_jwt: ({ jwks, max_lifetime: maxLifetime, allow_reuse: allowReuse }, clientId, parts) => {
    const verify = parts.assertionVerifier({ clientId, jwks, maxLifetime, allowReuse });
    return async (credential) => await verify(assertionIn(credential, 'jwt-bearer'));
  },
  kubernetes: (auth, _clientId, { workloadVerifier }) => {
    const { issuer, namespace, service_account: name, jwks, jwks_uri: uri } = auth;
    const verify = workloadVerifier({
      issuer,
      subject: `system:serviceaccount:${namespace}:${name}`,
      keys: jwks ?? new URL(uri ?? ''),
      maxLifetime: auth.max_lifetime,
      check: serviceAccountClaims(namespace, name),
    });
    return async (credential) => await verify(assertionIn(credential, 'jwt-bearer'));
  },
  spiffe: ({ id, bundle, max_lifetime: maxLifetime }, _clientId, { workloadVerifier }) => {
    const verify = workloadVerifier({ subject: id, keys: jwtSvidKeys(bundle), maxLifetime });
    return async (credential) => await verify(assertionIn(credential, 'jwt-spiffe'));
  },
  tls_client_auth:
    (auth, _clientId, { now }) =>
    async (credential) => {
      if (credential.method !== 'certificate') return refuseOther(credential);
      checkTrustedCertificate(credential.certificate, auth, now());
    },
  self_signed_tls_client_auth:
    ({ certificates }, _clientId, { now }) =>
    async (credential) => {
      if (credential.method !== 'certificate') return refuseOther(credential);
      checkRegisteredCertificate(credential.certificate, certificates, now());
    },
};

/** The verifier of one client. What it needs is prepared once. */
export function createClientVerifier({ id, auth }: ClientConfig, parts: ClientVerifierParts): ClientVerifier {
  const create = verifiers[auth.method] as (
    auth: Auth,
    clientId: string,
    parts: ClientVerifierParts,
  ) => ClientVerifier;
  return create(auth, id, parts);
}

/** A credential that no client of this id proves itself by; a secret takes as long as one that is compared. */
export function refuseOther(credential: ClientCredential): never {
  if (!('secret' in credential)) return refused('unknown_client');
  matchesSecret(credential.secret, nobody);
  return refused('client_secret');
}

const nobody = ['0'.repeat(64)];

function assertionIn(credential: ClientCredential, kind: 'jwt-bearer' | 'jwt-spiffe'): string {
  if (credential.method !== 'assertion') return refuseOther(credential);
  return credential.kind === kind ? credential.assertion : refused('client_assertion_type');
}

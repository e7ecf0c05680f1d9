import type { ClientConfig } from '../config.ts';
import type { TokenForm } from '../token/form.ts';
import { type ClientCredential, readClientCredential } from './credential.ts';
import type { PresentedCertificate } from './presented-certificate.ts';
import { type ClientVerifierParts, createClientVerifier, refuseOther } from './verify-client.ts';

/** The part of a request that can prove who the client is. */
export interface ClientProof {
  /** All `Authorization` field lines. */
  readonly authorization: readonly string[];
  readonly certificate?: PresentedCertificate | undefined;
  readonly form: TokenForm;
}

export interface ClientAuthenticatorOptions extends ClientVerifierParts {
  readonly clients: readonly ClientConfig[];
}

/** The registered client that sent the request. Rejects with `invalid_client` or `invalid_request`. */
export type ClientAuthenticator = (proof: ClientProof) => Promise<ClientConfig>;

/** Authenticates clients by the one method each is registered for (RFC 6749 §2.3, RFC 7523 §3, RFC 8705 §2). */
export function createClientAuthenticator(options: ClientAuthenticatorOptions): ClientAuthenticator {
  const registered = new Map(
    options.clients.map((client) => [client.id, { client, verify: createClientVerifier(client, options) }]),
  );
  const byWorkload = new Map(
    options.clients.flatMap((client) => workloadOf(client).map((key) => [key, client.id])),
  );

  return async ({ authorization, certificate, form }) => {
    const credential = readClientCredential(authorization, form, certificate);
    const entry = registered.get(credential.clientId ?? claimedClient(credential) ?? '');
    if (entry !== undefined) {
      await entry.verify(credential);
      return entry.client;
    }
    return refuseOther(credential);
  };

  /** `client_id` may be left out with an assertion (RFC 7521 §4.2): what it claims then says whose keys to try. */
  function claimedClient(credential: ClientCredential): string | undefined {
    if (credential.method !== 'assertion') return undefined;
    const { iss, sub } = unverifiedClaims(credential.assertion);
    if (typeof sub !== 'string') return undefined;
    const key =
      credential.kind === 'jwt-spiffe' ? workloadKey('spiffe', sub) : workloadKey('kubernetes', sub, iss);
    return byWorkload.get(key) ?? sub;
  }
}

/** What names the workload of a client in its token. */
function workloadOf({ auth }: ClientConfig): readonly string[] {
  if (auth.method === 'spiffe') return [workloadKey('spiffe', auth.id)];
  if (auth.method !== 'kubernetes') return [];
  const subject = `system:serviceaccount:${auth.namespace}:${auth.service_account}`;
  return [workloadKey('kubernetes', subject, auth.issuer)];
}

function workloadKey(method: 'kubernetes' | 'spiffe', subject: string, issuer?: unknown): string {
  return JSON.stringify([method, subject, issuer]);
}

function unverifiedClaims(assertion: string): { readonly iss?: unknown; readonly sub?: unknown } {
  try {
    const payload: unknown = JSON.parse(Buffer.from(assertion.split('.')[1] ?? '', 'base64url').toString());
    return typeof payload === 'object' && payload !== null ? payload : {};
  } catch {
    return {};
  }
}

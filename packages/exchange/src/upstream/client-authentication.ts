import { type ClientAuth, ClientSecretBasic, ClientSecretPost, TlsClientAuth } from 'openid-client';
import { createAssertionSigner } from './client-assertion.ts';
import type { UpstreamCredential } from './upstream.ts';

/** What a client assertion is signed with and for. */
export interface AssertionPolicy {
  readonly audience: string;
  readonly reuse: boolean;
  readonly now: () => number;
  readonly random: () => string;
}

/** Life of a client assertion, seconds; MSAL's. A receiver that keeps a shorter bound sees a fresh one each time. */
const reusedLifetime = 600;
const singleLifetime = 60;

/** How the registration authenticates at the token endpoint (RFC 6749 §2.3.1, RFC 7523 §2.2, RFC 8705 §2). */
export function clientAuthentication(credential: UpstreamCredential, policy: AssertionPolicy): ClientAuth {
  switch (credential.kind) {
    case 'client_secret_basic':
      return ClientSecretBasic(credential.clientSecret);
    case 'client_secret_post':
      return ClientSecretPost(credential.clientSecret);
    case 'private_key_jwt': {
      const lifetime = policy.reuse ? reusedLifetime : singleLifetime;
      return assertionAuthentication(
        'jwt-bearer',
        createAssertionSigner({ ...credential, ...policy, lifetime }),
      );
    }
    case 'federated':
      return assertionAuthentication(credential.assertionType ?? 'jwt-bearer', credential.assertion);
    case 'tls_client_auth':
      return TlsClientAuth();
  }
}

/** `client_assertion_type` (RFC 7523 §2.2; OAuth SPIFFE client authentication). */
function assertionAuthentication(
  type: 'jwt-bearer' | 'jwt-spiffe',
  assertion: () => Promise<string>,
): ClientAuth {
  return async (_server, client, body) => {
    body.set('client_id', client.client_id);
    body.set('client_assertion_type', `urn:ietf:params:oauth:client-assertion-type:${type}`);
    body.set('client_assertion', await assertion());
  };
}

import { OAuthError } from '@mcp-obo/oauth-error';
import type { TokenForm } from '../token/form.ts';
import type { PresentedCertificate } from './presented-certificate.ts';

/** What a client showed to prove itself. Nothing is verified yet. */
export type ClientCredential =
  | {
      readonly method: 'client_secret_basic' | 'client_secret_post';
      readonly clientId: string;
      readonly secret: string;
    }
  | {
      readonly method: 'assertion';
      readonly kind: 'jwt-bearer' | 'jwt-spiffe';
      readonly clientId: string | undefined;
      readonly assertion: string;
    }
  | {
      readonly method: 'certificate';
      readonly clientId: string;
      readonly certificate: PresentedCertificate;
    };

/** Values of `client_assertion_type` (RFC 7523 §2.2; OAuth SPIFFE client authentication). */
const assertionTypes: Readonly<Record<string, 'jwt-bearer' | 'jwt-spiffe'>> = {
  'urn:ietf:params:oauth:client-assertion-type:jwt-bearer': 'jwt-bearer',
  'urn:ietf:params:oauth:client-assertion-type:jwt-spiffe': 'jwt-spiffe',
};

/**
 * The one credential of the request (RFC 6749 §2.3, RFC 7523 §2.2); without any, the certificate of its
 * connection, for the client that it names (RFC 8705 §2). Refuses with `invalid_request` when there are two, and
 * with `invalid_client` when there is none.
 *
 * @param authorization all `Authorization` field lines of the request
 */
export function readClientCredential(
  authorization: readonly string[],
  form: TokenForm,
  certificate?: PresentedCertificate,
): ClientCredential {
  if (authorization.length > 1) throw malformed('Only one Authorization header may be sent.');
  const presented = [
    ...authorization.map((header) => readBasic(header, form)),
    ...readAssertion(form),
    ...readPost(form),
  ];
  const [credential] = presented;
  if (presented.length > 1)
    throw malformed('A client authenticates with one method only.', 'several_client_credentials');
  if (credential !== undefined) return credential;
  const clientId = form.one('client_id');
  if (certificate === undefined || clientId === undefined) return refused('no_client_credential');
  return { method: 'certificate', clientId, certificate };
}

/** Every reason is the same sentence on the wire; the word is for log, metric and audit. */
export function refused(reason: string, cause?: unknown): never {
  throw new OAuthError('invalid_client', 'Client authentication failed.', { reason, cause });
}

function readBasic(header: string, form: TokenForm): ClientCredential {
  const encoded = /^Basic +([A-Za-z0-9+/]+={0,2})$/i.exec(header)?.[1] ?? refused('authorization_header');
  const pair = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = pair.indexOf(':');
  if (colon < 1) refused('authorization_header');
  const clientId = formDecoded(pair.slice(0, colon));
  const inBody = form.one('client_id');
  if (inBody !== undefined && inBody !== clientId) throw malformed('Two different client ids were sent.');
  return { method: 'client_secret_basic', clientId, secret: formDecoded(pair.slice(colon + 1)) };
}

/** Id and secret are form-encoded before they are joined (RFC 6749 §2.3.1). */
function formDecoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch (cause) {
    return refused('authorization_header', cause);
  }
}

function readAssertion(form: TokenForm): readonly ClientCredential[] {
  const assertion = form.one('client_assertion');
  const type = form.one('client_assertion_type');
  if (assertion === undefined && type === undefined) return [];
  if (assertion === undefined || type === undefined)
    throw malformed('client_assertion and client_assertion_type go together.');
  const kind = Object.hasOwn(assertionTypes, type) ? assertionTypes[type] : undefined;
  if (kind === undefined) return refused('client_assertion_type');
  return [{ method: 'assertion', kind, clientId: form.one('client_id'), assertion }];
}

function readPost(form: TokenForm): readonly ClientCredential[] {
  const secret = form.one('client_secret');
  return secret === undefined
    ? []
    : [{ method: 'client_secret_post', clientId: form.required('client_id'), secret }];
}

function malformed(message: string, reason = 'client_credential'): OAuthError {
  return new OAuthError('invalid_request', message, { reason });
}

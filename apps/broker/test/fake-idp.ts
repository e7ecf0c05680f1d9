import { createTestIssuer, type TestIssuer } from '@mcp-obo/testbed/issuer';

/** A token request as an identity provider received it. */
export interface ReceivedRequest {
  readonly clientId: string;
  readonly form: URLSearchParams;
  /** Aborted when the broker gives up. */
  readonly signal: AbortSignal | null | undefined;
}

/** Answers a token request in place of the rules below. */
export type TokenHandler = (request: ReceivedRequest) => Response | Promise<Response>;

/** An identity provider behind `fetch`: real keys and tokens, and a token endpoint with registrations. */
export interface FakeIdp extends Pick<TestIssuer, 'issuer' | 'mint' | 'faults'> {
  readonly requests: ReceivedRequest[];
  /** Tokens that its revocation endpoint took (RFC 7009), with the registration that showed them. */
  readonly revoked: { readonly clientId: string; readonly token: string; readonly hint: string | null }[];
  /** Answers revocation requests in place of the rule that a token is revoked by whom it was issued to. */
  revokeWith(handler: (() => Response | Promise<Response>) | undefined): void;
  /** Replaces the token endpoint's rules; `undefined` brings them back. */
  answerWith(handler: TokenHandler | undefined): void;
  /** Signs a token for the target as the endpoint would, with these changes. */
  mintAnswer(request: ReceivedRequest, claims?: Readonly<Record<string, unknown>>): Promise<Response>;
  readonly fetch: TestIssuer['fetch'];
}

/**
 * By its own rules it authenticates registrations by Basic, exchanges only for a registration that is in the
 * subject token's audience (as Entra ID, Auth0 and Keycloak do), and writes who acts.
 */
export function createFakeIdp(
  issuerName: string,
  registrations: Readonly<Record<string, string>>,
  now: () => number,
): FakeIdp {
  const issuer = createTestIssuer({ issuer: issuerName, alg: 'ES256', now });
  const requests: ReceivedRequest[] = [];
  const revoked: FakeIdp['revoked'] = [];
  let handler: TokenHandler | undefined;
  let revocationHandler: (() => Response | Promise<Response>) | undefined;

  async function mintAnswer(
    { clientId, form }: ReceivedRequest,
    claims: Readonly<Record<string, unknown>> = {},
  ): Promise<Response> {
    const subject = form.get('subject_token');
    const about =
      subject === null ? { sub: clientId } : { sub: claimsOf(subject).sub, act: { sub: clientId } };
    const access_token = await issuer.mint({
      ...about,
      aud: form.get('audience') ?? form.get('resource') ?? undefined,
      client_id: clientId,
      scope: form.get('scope') ?? undefined,
      ...claims,
    });
    return Response.json({
      access_token,
      issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      token_type: 'Bearer',
      expires_in: 300,
    });
  }

  async function answer(init: RequestInit | undefined): Promise<Response> {
    const form = new URLSearchParams(String(init?.body));
    const [clientId = '', secret] = basicOf(new Headers(init?.headers));
    const request = { clientId, form, signal: init?.signal };
    requests.push(request);
    if (handler !== undefined) return handler(request);
    if (!isRegistered(clientId, secret)) return refusal(401, 'invalid_client');
    const subject = form.get('subject_token');
    if (subject !== null && ![claimsOf(subject).aud].flat().includes(clientId))
      return refusal(403, 'access_denied');
    return mintAnswer(request);
  }

  function isRegistered(clientId: string, secret: string | undefined): boolean {
    return Object.hasOwn(registrations, clientId) && registrations[clientId] === secret;
  }

  async function revoke(init: RequestInit | undefined): Promise<Response> {
    const form = new URLSearchParams(String(init?.body));
    const [clientId = '', secret] = basicOf(new Headers(init?.headers));
    const token = form.get('token') ?? '';
    revoked.push({ clientId, token, hint: form.get('token_type_hint') });
    if (revocationHandler !== undefined) return revocationHandler();
    if (!isRegistered(clientId, secret)) return refusal(401, 'invalid_client');
    const foreign = token.startsWith('eyJ') && claimsOf(token).client_id !== clientId;
    return foreign ? refusal(400, 'invalid_request') : new Response(null);
  }

  return {
    issuer: issuer.issuer,
    mint: issuer.mint,
    faults: issuer.faults,
    requests,
    revoked,
    revokeWith(next) {
      revocationHandler = next;
    },
    answerWith(next) {
      handler = next;
    },
    mintAnswer,
    fetch(url, init) {
      if (String(url) === `${issuerName}/token`) return answer(init);
      if (String(url) === `${issuerName}/revoke`) return revoke(init);
      return issuer.fetch(url, init);
    },
  };
}

/** An error of RFC 6749 §5.2. */
export function refusal(
  status: number,
  error: string,
  more: Readonly<Record<string, unknown>> = {},
): Response {
  return Response.json({ error, ...more }, { status });
}

/** The claims of a token, unverified. */
export function claimsOf(token: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
}

function basicOf(headers: Headers): readonly string[] {
  const [, encoded = ''] = (headers.get('authorization') ?? '').split(' ');
  const pair = Buffer.from(encoded, 'base64').toString();
  return pair === '' ? [] : pair.split(':').map((part) => decodeURIComponent(part.replaceAll('+', ' ')));
}

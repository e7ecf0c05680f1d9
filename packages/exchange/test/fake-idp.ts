import { createTestIssuer, type TestIssuer } from '@mcp-obo/testbed/issuer';

/** A token request as the identity provider received it. */
export interface ReceivedRequest {
  readonly url: string;
  readonly headers: Headers;
  readonly form: URLSearchParams;
}

/** What the token endpoint answers: a body with status 200, or a whole response. */
export type TokenAnswer = Readonly<Record<string, unknown>> | Response;

/** An identity provider behind `fetch`: a real issuer with keys, and a token endpoint that is scripted. */
export interface FakeIdp {
  readonly issuer: TestIssuer;
  readonly tokenEndpoint: string;
  readonly requests: ReceivedRequest[];
  readonly revocationEndpoint: string;
  /** Requests at the revocation endpoint. */
  readonly revocations: ReceivedRequest[];
  /** Replaces the way the token endpoint answers; `undefined` brings it back. */
  answerWith(handler: ((request: ReceivedRequest) => TokenAnswer | Promise<TokenAnswer>) | undefined): void;
  /** Replaces the way the revocation endpoint answers: 200 with nothing (RFC 7009 §2.2). */
  revokeWith(handler: () => Response | Promise<Response>): void;
  /** Knows this identity provider only. */
  readonly fetch: (url: string | URL, init?: RequestInit) => Promise<Response>;
}

/** By default the token endpoint mints a token for the subject's `sub` with the audience and scope asked for. */
export function createFakeIdp(options: { issuer: string; now: () => number; sub?: string }): FakeIdp {
  const issuer = createTestIssuer({ issuer: options.issuer, alg: 'ES256', now: options.now });
  const tokenEndpoint = `${options.issuer}/token`;
  const revocationEndpoint = `${options.issuer}/revoke`;
  const requests: ReceivedRequest[] = [];
  const revocations: ReceivedRequest[] = [];
  let revoke: () => Response | Promise<Response> = () => new Response(null);
  let handler: (request: ReceivedRequest) => TokenAnswer | Promise<TokenAnswer> = mintAnswer;

  async function mintAnswer({ form }: ReceivedRequest): Promise<TokenAnswer> {
    const subject = form.get('subject_token');
    const client = form.get('client_id') ?? 'https://mcp.example/mcp';
    const claims = subject === null ? { sub: client } : { sub: payloadOf(subject).sub };
    const access_token = await issuer.mint({
      ...claims,
      client_id: client,
      aud: form.get('audience') ?? form.get('resource'),
      scope: form.get('scope'),
    });
    const issued_token_type = form.get('requested_token_type') ?? undefined;
    return { access_token, token_type: 'Bearer', expires_in: 300, issued_token_type };
  }

  return {
    issuer,
    tokenEndpoint,
    requests,
    revocationEndpoint,
    revocations,
    revokeWith(next) {
      revoke = next;
    },
    answerWith(next) {
      handler = next ?? mintAnswer;
    },
    async fetch(url, init) {
      const received = { url: String(url), headers: new Headers(init?.headers), form: formOf(init) };
      if (received.url === revocationEndpoint) {
        revocations.push(received);
        return revoke();
      }
      if (received.url !== tokenEndpoint) return issuer.fetch(url, init);
      requests.push(received);
      const answer = await handler(received);
      return answer instanceof Response ? answer : Response.json(answer);
    },
  };
}

function formOf(init: RequestInit | undefined): URLSearchParams {
  return new URLSearchParams(String(init?.body ?? ''));
}

/** The claims of a token, unverified. */
export function payloadOf(token: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
}

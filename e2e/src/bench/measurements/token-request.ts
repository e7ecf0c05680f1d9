import type { Sent } from '../load.ts';
import { target } from './token-endpoint.ts';

/** The one client of every broker of the bench. */
export const clientId = 'mcp-server';
export const brokerSecret = 'a-long-random-secret-of-the-bench';

const headers = { 'content-type': 'application/x-www-form-urlencoded' };
const authorization = `Basic ${Buffer.from(`${clientId}:${brokerSecret}`).toString('base64')}`;

/** A token exchange (RFC 8693 §2.1) whose client shows its secret (RFC 6749 §2.3.1). */
export function requestBySecret(subjectToken: string): Sent {
  return { headers: { ...headers, authorization }, body: form(subjectToken, {}) };
}

/** The same for several scopes. */
export function requestScopes(subjectToken: string, scopes: readonly string[]): Sent {
  return { headers: { ...headers, authorization }, body: form(subjectToken, { scope: scopes.join(' ') }) };
}

/** A question about a token (RFC 7662 §2.1). */
export function requestIntrospection(token: string): Sent {
  return { headers: { ...headers, authorization }, body: String(new URLSearchParams({ token })) };
}

/** Whether an answer is one with a token. */
export function isToken(body: string): boolean {
  return body.includes('"access_token"');
}

/** The same by a client that shows a signed assertion (RFC 7523 §2.2). */
export function requestByAssertion(subjectToken: string, assertion: string): Sent {
  const client_assertion_type = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
  return { headers, body: form(subjectToken, { client_assertion_type, client_assertion: assertion }) };
}

function form(subjectToken: string, more: Readonly<Record<string, string>>): string {
  return String(
    new URLSearchParams({
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token: subjectToken,
      subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      audience: target.name,
      scope: target.scope,
      ...more,
    }),
  );
}

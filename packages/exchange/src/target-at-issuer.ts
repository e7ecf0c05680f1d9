import { OAuthError } from '@mcp-obo/oauth-error';
import type { Obtained } from './obtained.ts';
import { atIssuer, type Target } from './target.ts';
import type { Upstream } from './upstream/upstream.ts';

/** A target as one issuer knows it. */
export interface TargetAtIssuer {
  readonly target: Target;
  readonly audience: string;
  readonly answerAudience: string;
  readonly scopePrefix: string;
}

/** The target by name, as that issuer knows it. Rejects with `invalid_target` (RFC 8693 §2.2.2). */
export function targetAtIssuer(
  targets: Readonly<Record<string, Target>>,
  name: string,
  { issuer }: Pick<Upstream, 'issuer'>,
): TargetAtIssuer {
  const target = Object.hasOwn(targets, name) ? targets[name] : undefined;
  const audience = atIssuer(target?.audience, issuer);
  if (target === undefined || audience === undefined) {
    throw new OAuthError('invalid_target', 'The target is not known.', { reason: 'target_unknown' });
  }
  return {
    target,
    audience,
    answerAudience: atIssuer(target.answerAudience, issuer) ?? audience,
    scopePrefix: atIssuer(target.scopePrefix, issuer) ?? `${audience}/`,
  };
}

/** The caller's own registration at the issuer. Rejects with `unauthorized_client` when it has none. */
export function registrationAt(upstream: Upstream, client: string): { clientId: string; id: string } {
  const registration = upstream.registration(client);
  if (registration !== undefined) return registration;
  throw new OAuthError('unauthorized_client', 'This client has no registration at the identity provider.', {
    reason: 'no_registration',
  });
}

/** By whom an answer is obtained; undefined where the issuer cannot revoke it. */
export function obtainedBy(
  { issuer, revoke }: Pick<Upstream, 'issuer' | 'revoke'>,
  { client, clientId }: { readonly client: string; readonly clientId: string },
  subjectIssuedAt: number,
): Obtained | undefined {
  return revoke === undefined ? undefined : { issuer, client, registration: clientId, subjectIssuedAt };
}

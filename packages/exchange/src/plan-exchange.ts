import { type Grant, originallyIssuedAt, subjectKeys, tokenHash } from '@mcp-obo/grant';
import { OAuthError } from '@mcp-obo/oauth-error';
import { actorOf, checkActor, clientAsActor } from './actors.ts';
import { cacheKey } from './cache-key.ts';
import { readClaimsChallenge } from './claims-challenge.ts';
import type { EngineRequest } from './contract.ts';
import { defaultMaxLifetime, subjectExpired } from './lifetime.ts';
import type { Plan, Wiring } from './plan.ts';
import { decidePolicy } from './policy.ts';
import { obtainedBy, registrationAt, targetAtIssuer } from './target-at-issuer.ts';
import { accessTokenType } from './upstream/rfc8693.ts';
import { takesSubjectsOf, upstreamsFor } from './upstream/serving.ts';
import type { Upstream } from './upstream/upstream.ts';

/** The plan of an exchange, or the refusal: subject, actor, target, policy (RFC 8693 §2.1, §2.2.2). */
export function planExchange(wiring: Wiring, request: EngineRequest): Plan {
  const { client, grant, actor, requestedTokenType = accessTokenType } = request;
  checkSubject(request, wiring.now());
  checkClaims(request.claims);
  const upstream = upstreamOf(upstreamsFor(wiring.upstreams, request.target), grant);
  const registration = registrationAt(upstream, client);
  const acting = actor === undefined ? clientAsActor(wiring.upstreams, client) : actorOf(actor.grant);
  checkActor(grant, acting, wiring.maxActorDepth);
  const { target, audience, answerAudience, scopePrefix } = targetAtIssuer(
    wiring.targets,
    request.target,
    upstream,
  );
  const { scopes, ceiling } = decidePolicy(wiring.policy, {
    client,
    target,
    tenant: grant.tenant,
    subjectScopes: grant.scopes,
    machine: false,
    scopes: request.scopes,
    ...narrowing(upstream, grant, audience),
  });
  const latest = Math.min(grant.expiresAt, wiring.now() / 1000 + (target.maxLifetime ?? defaultMaxLifetime));
  const asked = { client, audience, resource: target.resource, scopes, requestedTokenType };
  const keyInput = {
    ...asked,
    kind: 'on_behalf_of',
    issuer: grant.issuer,
    subjectHash: grant.tokenHash,
    actorHash: actor?.grant.tokenHash,
    credential: registration.id,
    target: target.name,
    cnf: grant.cnf,
    presenterKey: request.presenterKey,
    policyVersion: wiring.policy.version,
  } as const;
  const { subjectToken, claims } = request;
  const key = cacheKey(keyInput);
  return {
    operation: 'exchange',
    ask: (deadline) =>
      upstream.exchange(
        {
          ...asked,
          subjectToken,
          actorToken: actor?.token,
          scopePrefix,
          claims,
          subject: grant,
          actor: actor?.grant,
          notAfter: latest,
        },
        deadline,
      ),
    expected: {
      upstream,
      target,
      audience: answerAudience,
      scopePrefix,
      scopes,
      ceiling,
      subject: grant,
      requestedTokenType,
      maxActorDepth: wiring.maxActorDepth,
    },
    key,
    flightKey: claims === undefined ? key : cacheKey({ ...keyInput, claims }),
    get tags() {
      // Four hashes, which a hit does not need.
      return subjectKeys(grant);
    },
    client,
    get obtained() {
      return obtainedBy(upstream, { client, ...registration }, originallyIssuedAt(grant));
    },
    latest,
  };
}

function checkSubject({ grant, subjectToken }: EngineRequest, now: number): void {
  if (grant.tokenHash !== tokenHash(subjectToken)) {
    throw new OAuthError('server_error', 'The exchange is not possible.', { reason: 'subject_mixed_up' });
  }
  if (grant.user === undefined) {
    throw new OAuthError('invalid_request', 'The subject token speaks for no user.', {
      reason: 'subject_machine',
    });
  }
  if (grant.expiresAt * 1000 <= now) throw subjectExpired();
}

function checkClaims(claims: string | undefined): void {
  if (claims === undefined || readClaimsChallenge(claims) !== undefined) return;
  throw new OAuthError('invalid_request', 'claims must be a JSON object.', { reason: 'claims' });
}

/** The upstream of the issuer itself, else the only one that takes tokens of this issuer too (Entra v1.0). */
function upstreamOf(upstreams: readonly Upstream[], grant: Grant): Upstream {
  const candidates = upstreams.filter((one) => takesSubjectsOf(one, grant.issuer));
  const own = candidates.find((one) => one.issuer === grant.issuer);
  const upstream = own ?? (candidates.length === 1 ? candidates[0] : undefined);
  if (upstream?.tenant === grant.tenant) return upstream;
  if (grant.origin !== undefined) {
    throw new OAuthError('invalid_target', 'The target is not reached with a token of this broker.', {
      reason: 'target_of_issuer',
    });
  }
  throw new OAuthError('server_error', 'No exchange is set up for the issuer of the subject token.', {
    reason: 'no_upstream',
  });
}

/** A token for the audience that the subject token has already is its twin, unless it can be made a narrower one. */
function narrowing({ narrows }: Upstream, subject: Grant, audience: string) {
  if (!subject.audience.includes(audience)) return {};
  if (narrows === true) return { within: subject.scopes };
  throw new OAuthError('invalid_target', 'The subject token is for this target already.', {
    reason: 'target_is_subject',
  });
}

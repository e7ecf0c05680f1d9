import { actorChain, type Grant, subjectKeys, tokenHash } from '@mcp-obo/grant';
import { OAuthError } from '@mcp-obo/oauth-error';
import { checkActor } from './actors.ts';
import { cacheKey } from './cache-key.ts';
import { readClaimsChallenge } from './claims-challenge.ts';
import type { EngineRequest } from './contract.ts';
import { defaultMaxLifetime, subjectExpired } from './lifetime.ts';
import type { Plan, Wiring } from './plan.ts';
import { decidePolicy } from './policy.ts';
import { registrationAt, targetAtIssuer } from './target-at-issuer.ts';
import { accessTokenType } from './upstream/rfc8693.ts';
import type { Upstream } from './upstream/upstream.ts';

/** The plan of an exchange, or the refusal: subject, actor, target, policy (RFC 8693 §2.1, §2.2.2). */
export function planExchange(wiring: Wiring, request: EngineRequest): Plan {
  const { client, grant, actor, requestedTokenType = accessTokenType } = request;
  checkSubject(request, wiring.now());
  checkClaims(request.claims);
  const upstream = upstreamOf(wiring.upstreams, grant);
  const registration = registrationAt(upstream, client);
  const self = { issuer: grant.issuer, subject: registration.clientId, depth: 0 };
  checkActor(grant, actor === undefined ? self : actingParty(actor.grant), wiring.maxActorDepth);
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
  });
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
      upstream.exchange({ ...asked, subjectToken, actorToken: actor?.token, scopePrefix, claims }, deadline),
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
    latest: Math.min(grant.expiresAt, wiring.now() / 1000 + (target.maxLifetime ?? defaultMaxLifetime)),
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

/** The upstream of the issuer itself, else the only one that gives tokens of this issuer too (Entra v1.0). */
function upstreamOf(upstreams: readonly Upstream[], grant: Grant): Upstream {
  const candidates = upstreams.filter((one) => one.answerIssuers.includes(grant.issuer));
  const own = candidates.find((one) => one.issuer === grant.issuer);
  const upstream = own ?? (candidates.length === 1 ? candidates[0] : undefined);
  if (upstream?.tenant === grant.tenant) return upstream;
  throw new OAuthError('server_error', 'No exchange is set up for the issuer of the subject token.', {
    reason: 'no_upstream',
  });
}

function actingParty({ issuer, subject, act }: Grant) {
  return { issuer, subject, depth: actorChain(act).length };
}

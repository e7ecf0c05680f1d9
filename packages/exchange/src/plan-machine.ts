import { subjectKey } from '@mcp-obo/grant';
import { OAuthError } from '@mcp-obo/oauth-error';
import { cacheKey } from './cache-key.ts';
import type { EngineMachineRequest } from './contract.ts';
import { defaultMaxLifetime } from './lifetime.ts';
import type { Plan, Wiring } from './plan.ts';
import { decidePolicy, machineTenants } from './policy.ts';
import { obtainedBy, registrationAt, targetAtIssuer } from './target-at-issuer.ts';
import { accessTokenType } from './upstream/rfc8693.ts';
import { upstreamsFor } from './upstream/serving.ts';
import type { Upstream } from './upstream/upstream.ts';

/** The plan of a client-credentials request (RFC 6749 §4.4), or the refusal. */
export function planMachine(wiring: Wiring, request: EngineMachineRequest): Plan {
  const { client } = request;
  const upstream = upstreamOf(wiring, request);
  const registration = registrationAt(upstream, client);
  const { target, audience, answerAudience, scopePrefix } = targetAtIssuer(
    wiring.targets,
    request.target,
    upstream,
  );
  const { scopes, ceiling } = decidePolicy(wiring.policy, {
    client,
    target,
    tenant: upstream.tenant,
    subjectScopes: [],
    machine: true,
    scopes: request.scopes,
  });
  const latest = wiring.now() / 1000 + (target.maxLifetime ?? defaultMaxLifetime);
  const asked = { client, audience, resource: target.resource, scopes };
  const key = cacheKey({
    ...asked,
    kind: 'machine',
    issuer: upstream.issuer,
    credential: registration.id,
    target: target.name,
    requestedTokenType: accessTokenType,
    policyVersion: wiring.policy.version,
  });
  return {
    operation: 'client_credentials',
    ask: (deadline) => upstream.clientCredentials({ ...asked, scopePrefix, notAfter: latest }, deadline),
    expected: {
      upstream,
      target,
      audience: answerAudience,
      scopePrefix,
      scopes,
      ceiling,
      requestedTokenType: accessTokenType,
      maxActorDepth: wiring.maxActorDepth,
    },
    key,
    flightKey: key,
    tags: [subjectKey('client', upstream.issuer, registration.clientId)],
    client,
    obtained: obtainedBy(upstream, { client, ...registration }, wiring.now() / 1000),
    latest,
  };
}

/** Of the tenant that was named, else of the only one the policy allows; whether it allows the named one is asked later. */
function upstreamOf({ upstreams, policy }: Wiring, request: EngineMachineRequest): Upstream {
  const allowed = machineTenants(policy, request.client, request.target);
  if (request.tenant === undefined && allowed.length > 1) {
    throw new OAuthError('invalid_request', 'The tenant must be named.', { reason: 'tenant_ambiguous' });
  }
  const tenant = request.tenant ?? allowed[0];
  const candidates = upstreamsFor(upstreams, request.target).filter((one) => one.tenant === tenant);
  const upstream = candidates.find((one) => one.registration(request.client) !== undefined) ?? candidates[0];
  if (upstream !== undefined) return upstream;
  throw new OAuthError('invalid_target', 'The target is not allowed for this client.', {
    reason: 'policy_target',
  });
}

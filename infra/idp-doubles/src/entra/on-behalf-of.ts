import type { Form } from '../form.ts';
import { type AadstsCode, AadstsError } from './aadsts.ts';
import { assertUser } from './assertion.ts';
import type { AuthenticatedApp } from './client-authentication.ts';
import type { ConditionalAccessPolicy, EntraTenant, EntraUser } from './directory.ts';
import { required } from './parameters.ts';
import { type RequestedResource, requestedResource } from './requested-resource.ts';
import { declaresCapability, type EntraState, lifeFromNow, signAccessToken } from './state.ts';
import { issuerOf, pairwiseSubject } from './token-claims.ts';

const refusalOf: Readonly<Record<ConditionalAccessPolicy['control'], AadstsCode>> = {
  mfa: 50076,
  'register-mfa': 50079,
  block: 53003,
};

/** The on-behalf-of grant: `jwt-bearer` with `requested_token_use=on_behalf_of`. */
export async function onBehalfOf(
  state: EntraState,
  tenant: EntraTenant,
  caller: AuthenticatedApp,
  parameters: Form,
): Promise<Record<string, unknown>> {
  const assertion = required(parameters, 'assertion');
  const scope = required(parameters, 'scope');
  if (required(parameters, 'requested_token_use') !== 'on_behalf_of') throw new AadstsError(900144);
  const resource = requestedResource(tenant, scope, parameters.resource);
  const { user, claims } = await assertUser(state, tenant, caller.app, assertion);
  checkPolicies(state, tenant, resource, claims.uti);
  const granted = consentedScopes(state, tenant, caller, resource, user);
  const token = await mint(state, tenant, caller, resource, user, granted, parameters.claims, claims.uti);
  return {
    token_type: 'Bearer',
    scope: granted.map((name) => `${resource.identifier}/${name}`).join(' '),
    expires_in: state.lifetime,
    ext_expires_in: state.lifetime,
    access_token: token,
    ...(await openIdMembers(state, tenant, caller, resource, user)),
    ...(parameters.client_info === '1' ? { client_info: clientInfo(user, tenant) } : {}),
  };
}

function checkPolicies(
  state: EntraState,
  tenant: EntraTenant,
  resource: RequestedResource,
  uti: unknown,
): void {
  const met = state.sessions.of(uti).policies;
  const unmet = tenant.policies?.find(
    (policy) => policy.resource === resource.app.appId && (policy.control === 'block' || !met.has(policy.id)),
  );
  if (unmet === undefined) return;
  const claims = { access_token: { capolids: { essential: true, values: [unmet.id] } } };
  throw new AadstsError(refusalOf[unmet.control], { claims: JSON.stringify(claims) });
}

/** All consented scopes of the resource, whatever was asked; every asked one must be among them. */
function consentedScopes(
  state: EntraState,
  tenant: EntraTenant,
  caller: AuthenticatedApp,
  resource: RequestedResource,
  user: EntraUser,
): string[] {
  const consents = (state.consents.get(tenant.id) ?? []).filter(
    (each) =>
      each.client === caller.app.appId &&
      each.resource === resource.app.appId &&
      (each.user === undefined || each.user === user.oid),
  );
  const consented = [...new Set(consents.flatMap((each) => each.scopes))];
  const missing = resource.scopes.some((name) => name !== '.default' && !consented.includes(name));
  if (missing || consented.length === 0) throw new AadstsError(65001);
  return consented;
}

async function mint(
  state: EntraState,
  tenant: EntraTenant,
  caller: AuthenticatedApp,
  resource: RequestedResource,
  user: EntraUser,
  scopes: readonly string[],
  claims: string | undefined,
  parent: unknown,
): Promise<string> {
  const uti = state.uuid();
  const session = state.sessions.of(parent);
  state.sessions.remember(uti, session);
  return signAccessToken(state, {
    tenant,
    user,
    client: caller,
    resource: resource.app,
    identifier: resource.identifier,
    scopes,
    roles: user.roles?.[resource.app.appId] ?? [],
    capable: declaresCapability(claims),
    mfa: session.policies.size > 0,
    implicit: false,
    uti,
    ...lifeFromNow(state),
  });
}

/** The ID token of `openid` and the refresh token of `offline_access`, as MSAL asks for both each time. */
async function openIdMembers(
  state: EntraState,
  tenant: EntraTenant,
  caller: AuthenticatedApp,
  resource: RequestedResource,
  user: EntraUser,
): Promise<Record<string, unknown>> {
  const { issuedAt, expiresAt } = lifeFromNow(state);
  const idToken = () =>
    state.signer.sign(
      {
        aud: caller.app.appId,
        iss: issuerOf(state.origins, tenant.id, 2),
        iat: issuedAt,
        nbf: issuedAt,
        exp: expiresAt,
        name: user.name,
        oid: user.oid,
        preferred_username: user.upn,
        sub: pairwiseSubject(user.oid, caller.app.appId),
        tid: tenant.id,
        uti: state.uuid(),
        ver: '2.0',
      },
      { typ: 'JWT' },
    );
  return {
    ...(resource.openIdScopes.includes('openid') ? { id_token: await idToken() } : {}),
    ...(resource.openIdScopes.includes('offline_access') ? { refresh_token: `0.A${state.uuid()}` } : {}),
  };
}

function clientInfo(user: EntraUser, tenant: EntraTenant): string {
  return Buffer.from(JSON.stringify({ uid: user.oid, utid: tenant.id })).toString('base64url');
}

import type { Form } from '../form.ts';
import { type AadstsCode, AadstsError } from './aadsts.ts';
import { assertUser } from './assertion.ts';
import type { AuthenticatedApp } from './client-authentication.ts';
import type { ConditionalAccessPolicy, EntraTenant, EntraUser } from './directory.ts';
import { signIdToken } from './id-token.ts';
import { required } from './parameters.ts';
import { type RequestedResource, requestedResource } from './requested-resource.ts';
import { declaresCapability, type EntraState, lifeFromNow, signAccessToken } from './state.ts';

/** Who asks for what on whose behalf. */
interface Request {
  readonly state: EntraState;
  readonly tenant: EntraTenant;
  readonly caller: AuthenticatedApp;
  readonly resource: RequestedResource;
  readonly user: EntraUser;
  /** `uti` of the assertion: the session goes on with the token that is issued. */
  readonly parent: unknown;
  /** The `claims` parameter. */
  readonly claims: string | undefined;
}

/** The on-behalf-of grant: `jwt-bearer` with `requested_token_use=on_behalf_of`. */
export async function onBehalfOf(
  state: EntraState,
  tenant: EntraTenant,
  caller: AuthenticatedApp,
  form: Form,
): Promise<Record<string, unknown>> {
  const assertion = required(form, 'assertion');
  const scope = required(form, 'scope');
  if (required(form, 'requested_token_use') !== 'on_behalf_of') throw new AadstsError(900144);
  const resource = requestedResource(tenant, scope, form.resource);
  const { user, claims } = await assertUser(state, tenant, caller.app, assertion);
  const request = { state, tenant, caller, resource, user, parent: claims.uti, claims: form.claims };
  checkPolicies(request);
  const scopes = consentedScopes(request);
  return {
    token_type: 'Bearer',
    scope: scopes.map((name) => `${resource.identifier}/${name}`).join(' '),
    expires_in: state.lifetime,
    ext_expires_in: state.lifetime,
    access_token: await issueAccessToken(request, scopes),
    ...(resource.openIdScopes.includes('openid')
      ? { id_token: await signIdToken(state, { tenant, app: caller.app, user }) }
      : {}),
    ...(resource.openIdScopes.includes('offline_access') ? { refresh_token: `0.A${state.uuid()}` } : {}),
    ...(form.client_info === '1' ? { client_info: clientInfo(request) } : {}),
  };
}

const refusalOf: Readonly<Record<ConditionalAccessPolicy['control'], AadstsCode>> = {
  mfa: 50076,
  'register-mfa': 50079,
  block: 53003,
};

function checkPolicies({ state, tenant, resource, parent }: Request): void {
  const met = state.sessions.of(parent).policies;
  const unmet = tenant.policies?.find(
    (policy) => policy.resource === resource.app.appId && (policy.control === 'block' || !met.has(policy.id)),
  );
  if (unmet === undefined) return;
  const claims = { access_token: { capolids: { essential: true, values: [unmet.id] } } };
  throw new AadstsError(refusalOf[unmet.control], { claims: JSON.stringify(claims) });
}

/** All consented scopes of the resource, whatever was asked; every asked one must be among them. */
function consentedScopes({ state, tenant, caller, resource, user }: Request): string[] {
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

function issueAccessToken(request: Request, scopes: readonly string[]): Promise<string> {
  const { state, tenant, caller, resource, user } = request;
  const session = state.sessions.of(request.parent);
  const uti = state.uuid();
  state.sessions.remember(uti, session);
  return signAccessToken(state, {
    tenant,
    user,
    client: caller,
    resource: resource.app,
    identifier: resource.identifier,
    scopes,
    roles: user.roles?.[resource.app.appId] ?? [],
    capable: declaresCapability(request.claims),
    mfa: session.policies.size > 0,
    implicit: false,
    uti,
    ...lifeFromNow(state),
  });
}

function clientInfo({ user, tenant }: Request): string {
  return Buffer.from(JSON.stringify({ uid: user.oid, utid: tenant.id })).toString('base64url');
}

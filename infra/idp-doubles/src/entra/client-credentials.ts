import type { Form } from '../form.ts';
import { AadstsError } from './aadsts.ts';
import type { AuthenticatedApp } from './client-authentication.ts';
import type { EntraTenant } from './directory.ts';
import { required } from './parameters.ts';
import { requestedResource } from './requested-resource.ts';
import { declaresCapability, type EntraState, lifeFromNow, signAccessToken } from './state.ts';

/** The client-credentials grant: one resource, `/.default` and nothing else; no refresh token. */
export async function clientCredentials(
  state: EntraState,
  tenant: EntraTenant,
  caller: AuthenticatedApp,
  parameters: Form,
): Promise<Record<string, unknown>> {
  const scope = required(parameters, 'scope');
  const resource = requestedResource(tenant, scope, parameters.resource);
  if (resource.scopes.some((name) => name !== '.default')) throw new AadstsError(70011);
  const roles = (tenant.appRoleAssignments ?? [])
    .filter((each) => each.client === caller.app.appId && each.resource === resource.app.appId)
    .flatMap((each) => each.roles);
  const accessToken = await signAccessToken(state, {
    tenant,
    client: caller,
    resource: resource.app,
    identifier: resource.identifier,
    scopes: [],
    roles,
    capable: declaresCapability(parameters.claims),
    mfa: false,
    implicit: false,
    uti: state.uuid(),
    ...lifeFromNow(state),
  });
  return {
    token_type: 'Bearer',
    expires_in: state.lifetime,
    ext_expires_in: state.lifetime,
    access_token: accessToken,
  };
}

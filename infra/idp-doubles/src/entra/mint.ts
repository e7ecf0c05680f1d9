import { identifiersOf } from './directory.ts';
import { declaresCapability, type EntraState, lifeFromNow, signAccessToken } from './state.ts';

/** A sign-in of a user at a client for an API. */
export interface MintUserToken {
  /** `oid` or `upn`. */
  readonly user: string;
  /** `appId` or identifier URI of the API that the token is for. */
  readonly app: string;
  /** `appId` of the client that signed the user in. Default: the API itself. */
  readonly client?: string;
  /** Default: all scopes that the API exposes. */
  readonly scopes?: readonly string[];
  /** Token format. Default: what the API's registration says. */
  readonly version?: 1 | 2;
  /** The `claims` parameter of the sign-in: a claims challenge is met by it. */
  readonly claims?: string;
  /** Default: the double's. Negative for a token that has expired. */
  readonly lifetime?: number;
  /** True for the implicit flow, where groups overflow at six. */
  readonly implicit?: boolean;
}

/**
 * Signs the user in and issues the access token, as the authorization-code flow would.
 *
 * @throws RangeError when user or API is not in the directory.
 */
export async function mintUserToken(state: EntraState, request: MintUserToken): Promise<string> {
  const tenant = state.tenants.find((each) =>
    each.apps.some((app) => identifiersOf(app).includes(request.app)),
  );
  const resource = tenant?.apps.find((app) => identifiersOf(app).includes(request.app));
  const user = tenant?.users.find((each) => each.oid === request.user || each.upn === request.user);
  if (tenant === undefined || resource === undefined || user === undefined) {
    throw new RangeError(`No tenant has both the app ${request.app} and the user ${request.user}.`);
  }
  const client = tenant.apps.find((app) => app.appId === request.client) ?? resource;
  const uti = state.uuid();
  const policies = policiesMet(request.claims);
  state.sessions.remember(uti, { policies: new Set(policies), startedAt: state.now() });
  const facts = {
    tenant,
    user,
    client: { app: client, acr: '0' as const },
    resource,
    identifier: resource.identifierUris?.[0] ?? resource.appId,
    scopes: request.scopes ?? resource.scopes ?? [],
    roles: user.roles?.[resource.appId] ?? [],
    capable: declaresCapability(request.claims),
    mfa: policies.length > 0,
    implicit: request.implicit === true,
    uti,
    ...lifeFromNow(state, request.lifetime),
  };
  return await signAccessToken(state, facts, request.version);
}

/** The policies of a claims challenge that the sign-in was started with. */
function policiesMet(claims: string | undefined): string[] {
  if (claims === undefined) return [];
  const parsed: { access_token?: { capolids?: { values?: string[] } } } = JSON.parse(claims);
  return parsed.access_token?.capolids?.values ?? [];
}

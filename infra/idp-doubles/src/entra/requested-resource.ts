import { AadstsError } from './aadsts.ts';
import { type EntraApp, type EntraTenant, identifiersOf } from './directory.ts';

/** The one API that a `scope` parameter names, and what is asked of it. */
export interface RequestedResource {
  readonly app: EntraApp;
  /** The identifier the client used: `aud` of v1.0 tokens, and the prefix of scopes in the answer. */
  readonly identifier: string;
  /** Scope names without the prefix; `.default` may be among them. */
  readonly scopes: readonly string[];
  /** Scopes of OpenID Connect that were asked for besides. */
  readonly openIdScopes: readonly string[];
}

/** Scopes of OpenID Connect, which are of no resource. */
export const openIdScopes: ReadonlySet<string> = new Set(['openid', 'profile', 'email', 'offline_access']);

/**
 * Finds the resource of a `scope` parameter. All its scopes must be of one resource that the tenant knows,
 * and `.default` stands alone.
 */
export function requestedResource(
  tenant: EntraTenant,
  scope: string,
  resource: string | undefined,
): RequestedResource {
  const names = scope.split(' ').filter((name) => name !== '');
  const asked = names.filter((name) => !openIdScopes.has(name)).map((name) => splitScope(tenant, name));
  const [first] = asked;
  if (first === undefined || asked.some((each) => each.app !== first.app)) throw new AadstsError(70011);
  if (asked.length > 1 && asked.some((each) => each.name === '.default')) throw new AadstsError(70011);
  if (resource !== undefined && !identifiersOf(first.app).includes(resource)) throw new AadstsError(9010010);
  return {
    app: first.app,
    identifier: first.identifier,
    scopes: asked.map((each) => each.name),
    openIdScopes: names.filter((name) => openIdScopes.has(name)),
  };
}

function splitScope(tenant: EntraTenant, scope: string): { app: EntraApp; identifier: string; name: string } {
  const slash = scope.lastIndexOf('/');
  if (slash < 1) throw new AadstsError(70011);
  const identifier = scope.slice(0, slash);
  const name = scope.slice(slash + 1);
  const app = tenant.apps.find((each) => identifiersOf(each).includes(identifier));
  if (app === undefined) throw new AadstsError(500011);
  if (name !== '.default' && app.scopes?.includes(name) !== true) throw new AadstsError(70011);
  return { app, identifier, name };
}

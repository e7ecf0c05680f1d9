import { OAuthError } from '@mcp-obo/oauth-error';
import { isScopeToken, sortScopes } from '@mcp-obo/scopes';
import type { TargetConfig } from '../config.ts';

/** What a request asks for: one target, and scopes there. No scope means all that the policy allows. */
export interface TargetRequest {
  readonly target: TargetConfig;
  readonly scopes: readonly string[];
}

export interface TargetRegistry {
  /** By `audience` and `resource` (RFC 8693 §2.1, RFC 8707 §2); undefined when neither was sent. */
  readonly byIdentifier: (
    audiences: readonly string[],
    resources: readonly string[],
  ) => TargetConfig | undefined;
  /** By the identifier in front of each scope, as Entra has it: `api://app/name`, `api://app/.default`. */
  readonly byScope: (scope: string) => TargetRequest;
}

/** The targets by every name a client may call them. */
export function createTargetRegistry(targets: readonly TargetConfig[]): TargetRegistry {
  const byName = new Map(
    targets.flatMap((target) => [target.name, ...urisOf(target)].map((id) => [id, target])),
  );
  const byUri = new Map(targets.flatMap((target) => urisOf(target).map((uri) => [uri, target])));
  const byPrefix = targets.flatMap((target) => urisOf(target).map((uri) => ({ prefix: `${uri}/`, target })));

  return {
    byIdentifier(audiences, resources) {
      const named = [
        ...audiences.map((audience) => byName.get(audience)),
        ...resources.map((resource) => byUri.get(absoluteUri(resource))),
      ];
      const [first] = named;
      if (named.length === 0) return undefined;
      if (first === undefined || named.some((target) => target !== first)) throw invalidTarget();
      return first;
    },
    byScope(scope) {
      const asked = parseScope(scope).filter((token) => !openIdScopes.has(token));
      const found = asked.map((token) => {
        const at = byPrefix.find(({ prefix }) => token.startsWith(prefix));
        return at === undefined ? undefined : { target: at.target, name: token.slice(at.prefix.length) };
      });
      const [first] = found;
      if (first === undefined || found.some((entry) => entry?.target !== first.target)) throw invalidScope();
      const scopes = found.flatMap((entry) => (entry === undefined ? [] : [entry.name]));
      if (!scopes.includes('.default')) return { target: first.target, scopes: sortScopes(scopes) };
      if (scopes.length > 1) throw invalidScope();
      return { target: first.target, scopes: [] };
    },
  };
}

/** Sorted scope-tokens of a `scope` parameter (RFC 6749 §3.3); absent means none. */
export function parseScope(scope: string | undefined): readonly string[] {
  const tokens = (scope ?? '').split(' ').filter(Boolean);
  if (!tokens.every(isScopeToken)) throw invalidScope();
  return sortScopes(tokens);
}

/** What MSAL adds to every request. The broker signs nobody in and gives no refresh token: they are dropped. */
const openIdScopes: ReadonlySet<string> = new Set(['openid', 'profile', 'email', 'offline_access']);

function urisOf(target: TargetConfig): readonly string[] {
  const audiences = typeof target.audience === 'string' ? [target.audience] : Object.values(target.audience);
  return [...new Set([...audiences, ...(target.resource === undefined ? [] : [target.resource])])];
}

/** `resource` must be an absolute URI without a fragment (RFC 8707 §2). */
function absoluteUri(value: string): string {
  if (!URL.canParse(value) || value.includes('#')) throw invalidTarget();
  return value;
}

/** @param reason for log, metric and audit */
export function invalidTarget(reason = 'unknown_target'): OAuthError {
  return new OAuthError('invalid_target', 'The target is unknown or not allowed for this client.', {
    reason,
  });
}

function invalidScope(): OAuthError {
  return new OAuthError('invalid_scope', 'The scope is malformed, unknown or not of one target.', {
    reason: 'scope',
  });
}

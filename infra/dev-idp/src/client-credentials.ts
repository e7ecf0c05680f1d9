import { errors, type default as Provider, type TokenEndpointGrantContext } from 'oidc-provider';
import type { TenantConfig } from './config.ts';
import type { Resources } from './resources.ts';
import { spaced } from './token-request.ts';

type Params = Record<string, string | string[] | undefined>;

/**
 * Registers client credentials (RFC 6749 §4.4) for a target that `resource` (RFC 8707) or `audience` names.
 * Unlike the library's own grant it refuses scopes that the client may not have instead of leaving them out.
 */
export function registerClientCredentials(deps: {
  readonly provider: Provider;
  readonly tenant: TenantConfig;
  readonly resources: Resources;
}): void {
  deps.provider.registerGrantType<Params>(
    'client_credentials',
    async (context: TokenEndpointGrantContext<Params>) => {
      const { client, params } = context.oidc;
      const targets = new Set([params.audience ?? [], params.resource ?? []].flat());
      const [identifier = deps.resources.defaultIdentifier] = targets;
      if (identifier === undefined || targets.size > 1)
        throw new errors.InvalidTarget('name exactly one target by resource or audience');
      const { server } = deps.resources.forPermission(
        deps.tenant.machine,
        client.clientId,
        identifier,
        spaced(params.scope),
      );
      const issued = new deps.provider.ClientCredentials({ client, scope: server.scope });
      Object.assign(issued, { resourceServer: new deps.provider.ResourceServer(identifier, server) });
      context.oidc.entity('ClientCredentials', issued);
      const value = await issued.save();
      context.body = {
        access_token: value,
        token_type: issued.tokenType,
        expires_in: issued.expiration,
        scope: issued.scope,
      };
    },
    ['scope', 'resource', 'audience'],
    ['resource', 'audience'],
  );
}

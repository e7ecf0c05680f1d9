import type { ExchangeEngine } from '@mcp-obo/exchange';
import type { Caller } from './caller.ts';
import type { TokenForm } from './form.ts';
import { parseScope, type TargetRegistry, type TargetRequest } from './target-registry.ts';

export interface ClientCredentialsOptions {
  readonly engine: ExchangeEngine;
  readonly targets: TargetRegistry;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** The client credentials grant (RFC 6749 §4.4): a token for the client's own, user-less calls. */
export function createClientCredentials({ engine, targets, now }: ClientCredentialsOptions) {
  return async (form: TokenForm, { client, tenant }: Caller): Promise<Record<string, unknown>> => {
    const { target, scopes } = readTarget(form, targets);
    const issued = await engine.machine({
      client: client.id,
      target: target.name,
      scopes,
      ...(tenant === undefined ? {} : { tenant }),
    });
    return {
      access_token: issued.accessToken,
      token_type: issued.tokenType,
      expires_in: Math.max(0, issued.expiresAt - Math.floor(now() / 1000)),
      scope: issued.scopes.join(' '),
    };
  };
}

/** Named by `resource` or `audience` (RFC 8707 §2.2), else by its scopes as at Entra (`api://app/.default`). */
function readTarget(form: TokenForm, targets: TargetRegistry): TargetRequest {
  const target = targets.byIdentifier(form.all('audience'), form.all('resource'));
  if (target === undefined) return targets.byScope(form.required('scope'));
  return { target, scopes: parseScope(form.one('scope')) };
}

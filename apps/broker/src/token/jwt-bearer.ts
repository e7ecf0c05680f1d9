import type { ExchangeEngine, IssuedToken } from '@mcp-obo/exchange';
import { OAuthError } from '@mcp-obo/oauth-error';
import type { TargetConfig } from '../config.ts';
import type { Caller } from './caller.ts';
import type { TokenForm } from './form.ts';
import { jwtBearerRefusals, spellRefusals } from './refusal-codes.ts';
import { assertReachable, type SubjectCheck } from './subject-check.ts';
import type { TargetRegistry } from './target-registry.ts';

export interface JwtBearerOptions {
  readonly engine: ExchangeEngine;
  readonly check: SubjectCheck;
  readonly targets: TargetRegistry;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/**
 * The on-behalf-of request as Entra ID takes it and MSAL sends it: RFC 7523 §2.1 with
 * `requested_token_use`. What MSAL adds (`client_info`, `x-client-*`, telemetry) is ignored.
 */
export function createJwtBearer({ engine, check, targets, now }: JwtBearerOptions) {
  return (form: TokenForm, { client, tenant }: Caller): Promise<Record<string, unknown>> =>
    spellRefusals(jwtBearerRefusals, async () => {
      requireOnBehalfOf(form);
      const assertion = form.required('assertion');
      const { target, scopes } = targets.byScope(form.required('scope'));
      const claims = form.one('claims');
      const subject = await check.subject(assertion, { client, tenant });
      assertReachable(subject, target);
      const { grant } = subject;
      const issued = await engine.exchange({
        client: client.id,
        grant,
        subjectToken: assertion,
        target: target.name,
        scopes,
        ...(claims === undefined ? {} : { claims }),
      });
      return entraResponse(issued, target, now());
    });
}

function requireOnBehalfOf(form: TokenForm): void {
  if (form.required('requested_token_use') === 'on_behalf_of') return;
  throw new OAuthError('invalid_request', 'requested_token_use must be on_behalf_of.', {
    reason: 'requested_token_use',
  });
}

/** As Entra answers; never with a refresh token. */
export function entraResponse(
  issued: IssuedToken,
  target: TargetConfig,
  now: number,
): Record<string, unknown> {
  const seconds = Math.max(0, issued.expiresAt - Math.floor(now / 1000));
  const prefix = typeof target.audience === 'string' ? target.audience : (target.resource ?? target.name);
  return {
    token_type: issued.tokenType,
    scope: issued.scopes.map((scope) => `${prefix}/${scope}`).join(' '),
    expires_in: seconds,
    ext_expires_in: seconds,
    access_token: issued.accessToken,
  };
}

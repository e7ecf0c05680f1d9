import type { Grant } from '@mcp-obo/grant';
import { type OAuthError, oauthErrorTable } from '@mcp-obo/oauth-error';
import type { TrustedIssuer } from './issuer-config.ts';
import type { ValidatorEvent, ValidatorLog } from './validator-event.ts';

/** Where the validator tells what it did. */
export interface Reporter {
  readonly event: (event: ValidatorEvent) => void;
  readonly accepted: (grant: Grant, cached: boolean) => void;
  readonly refused: (error: OAuthError, issuer: TrustedIssuer | undefined) => void;
}

const recommendedLifetime = 3600;

/** Sends events to the metric and the ones a person must see to the log. */
export function createReporter({
  log,
  onEvent,
}: {
  readonly log?: ValidatorLog;
  readonly onEvent?: (event: ValidatorEvent) => void;
}): Reporter {
  const longLived = new Set<string>();

  function event(one: ValidatorEvent): void {
    onEvent?.(one);
    const warning = log === undefined ? undefined : warningOf(one);
    if (warning !== undefined) log?.warn({ ...one }, warning);
  }

  return {
    event,
    accepted(grant, cached) {
      onEvent?.({ type: 'success', issuer: grant.issuer, tenant: grant.tenant, cached });
      if (cached || longLived.has(grant.issuer)) return;
      const seconds = grant.expiresAt - grant.issuedAt;
      if (seconds <= recommendedLifetime) return;
      longLived.add(grant.issuer);
      event({ type: 'long_lifetime', issuer: grant.issuer, seconds });
    },
    refused(error, config) {
      const { fault } = oauthErrorTable[error.code];
      const issuer = config === undefined ? {} : { issuer: config.issuer, tenant: config.tenant };
      onEvent?.({ type: 'failure', reason: error.reason, fault, ...issuer });
      if (fault === 'platform')
        log?.warn({ reason: error.reason, err: error.cause, ...issuer }, 'token not checked');
      else log?.info({ reason: error.reason, ...issuer }, 'token refused');
    },
  };
}

function warningOf(event: ValidatorEvent): string | undefined {
  if (event.type === 'jwks_refresh' && event.outcome === 'failure')
    return 'keys of the issuer cannot be fetched';
  if (event.type === 'introspection' && event.outcome === 'failure')
    return 'the issuer cannot be asked about tokens';
  return warnings[event.type];
}

const warnings: Readonly<Partial<Record<ValidatorEvent['type'], string>>> = {
  jwks_stale: 'keys of the issuer are out of date and still in use',
  jwks_key_left_out: 'a published key is left out',
  long_lifetime: 'access tokens of the issuer live longer than the recommended hour',
};

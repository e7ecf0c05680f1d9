import type { Credential, Grant } from '@mcp-obo/grant';
import { OAuthError } from '@mcp-obo/oauth-error';
import type { ClientConfig, IssuerConfig } from '../config.ts';
import type { Caller } from './caller.ts';

export interface SubjectCheckOptions {
  /** Validates access tokens of all configured issuers; refuses with `invalid_token`. */
  readonly validate: (credential: Credential) => Promise<Grant>;
  readonly issuers: readonly IssuerConfig[];
  /** URL of the token endpoint. */
  readonly url: string;
}

/** Validates a token that a client presents as its user's or as an actor's. Rejects with `invalid_token`. */
export type SubjectCheck = (token: string, caller: Caller) => Promise<Grant>;

/**
 * Checks a subject token in full and holds it against the caller: its audience must be the calling client's
 * own resource, so that a token which leaked from one server cannot be exchanged by another (RFC 8693 §2.1,
 * MCP security best practices on token passthrough).
 */
export function createSubjectCheck({ validate, issuers, url }: SubjectCheckOptions): SubjectCheck {
  const companions = new Map(issuers.map(({ issuer, companions }) => [issuer, companions]));

  return async (token, { client, tenant }) => {
    const grant = await validate({ scheme: 'Bearer', token, method: 'POST', url });
    const own = [client.resource, ...client.audiences];
    const allowed = [...own, ...(companions.get(grant.issuer) ?? [])];
    const forClient =
      grant.audience.some((audience) => own.includes(audience)) &&
      grant.audience.every((audience) => allowed.includes(audience));
    if (!forClient) throw refused('subject_audience');
    if (tenant !== undefined && tenant !== grant.tenant) throw refused('subject_tenant');
    return grant;
  };
}

/** The audiences under which clients of this broker receive tokens. */
export function audiencesOf(clients: readonly ClientConfig[]): readonly string[] {
  return [...new Set(clients.flatMap((client) => [client.resource, ...client.audiences]))];
}

function refused(reason: string): OAuthError {
  return new OAuthError('invalid_token', 'The token is not for this client.', { reason });
}

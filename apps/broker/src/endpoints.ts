import type { BrokerConfig } from './config.ts';

/** A tenant's own addresses, where MSAL looks for them under the authority `{issuer}/{tenant}/`. */
export interface TenantEndpoints {
  readonly tenant: string;
  readonly issuer: string;
  /** `iss` of the tokens that the broker mints for the tenant. */
  readonly minted: string;
  readonly token: string;
  readonly authorization: string;
}

/** Every public URL of the broker, built from its configured issuer and never from `Host`. */
export interface Endpoints {
  readonly issuer: string;
  readonly token: string;
  readonly jwks: string;
  /** Where one token is revoked (RFC 7009), and where much more is. */
  readonly revocation: { readonly token: string; readonly all: string };
  /** Where issuers tell that a session has ended (OpenID Connect Back-Channel Logout). */
  readonly backchannelLogout: string;
  /** Where transmitters deliver security events (RFC 8935). */
  readonly securityEvents: string;
  /** Where a token is introspected (RFC 7662). */
  readonly introspection: string;
  /** Where what a user must do at the issuer begins and ends. */
  readonly interaction: { readonly start: string; readonly finish: string };
  readonly tenants: readonly TenantEndpoints[];
  /** Accepted `aud` of client assertions: the issuer or a token endpoint (RFC 7523 §3). */
  readonly assertionAudiences: readonly string[];
}

/** The public URLs for a configuration. */
export function createEndpoints({ issuer, issuers }: Pick<BrokerConfig, 'issuer' | 'issuers'>): Endpoints {
  const base = issuer.replace(/\/$/, '');
  const names = [...new Set(issuers.map(({ tenant }) => tenant))];
  const tenants = names.map((tenant) => {
    const at = `${base}/${encodeURIComponent(tenant)}`;
    return {
      tenant,
      issuer: `${at}/v2.0`,
      minted: at,
      token: `${at}/oauth2/v2.0/token`,
      authorization: `${at}/oauth2/v2.0/authorize`,
    };
  });
  const token = `${base}/token`;
  const revocation = { token: `${base}/revoke`, all: `${base}/revoke/all` };
  const backchannelLogout = `${base}/backchannel-logout`;
  const securityEvents = `${base}/security-events`;
  const introspection = `${base}/introspect`;
  const interaction = { start: `${base}/interaction/start`, finish: `${base}/interaction/finish` };
  const assertionAudiences = [issuer, token, ...tenants.map((entry) => entry.token)];
  return {
    issuer,
    token,
    jwks: `${base}/jwks`,
    revocation,
    backchannelLogout,
    securityEvents,
    introspection,
    interaction,
    tenants,
    assertionAudiences,
  };
}

/** The path that a public URL has on this server. */
export function pathOf(url: string): string {
  return new URL(url).pathname;
}

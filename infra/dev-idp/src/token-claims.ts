import { hash } from 'node:crypto';
import type { AccessToken, ClientCredentials, KoaContextWithOIDC } from 'oidc-provider';
import type { Accounts } from './accounts.ts';
import { acrAtIssue } from './step-up.ts';

type Claims = Record<string, unknown>;

/** Claims that a grant of ours has decided for the token it is about to issue. */
export type DecidedClaims = WeakMap<object, Claims>;

/**
 * Claims of access tokens beyond those oidc-provider writes itself (RFC 9068 §2.2.1, §2.2.3.1): how and when
 * the user logged in, roles and groups, and the session.
 */
export function createTokenClaims(accounts: Accounts, decided: DecidedClaims) {
  return (context: KoaContextWithOIDC, token: AccessToken | ClientCredentials): Claims | undefined => {
    const known = decided.get(token);
    if (known !== undefined || token.kind !== 'AccessToken') return known;
    const { AuthorizationCode: code, RefreshToken: refresh } = context.oidc.entities;
    const login = code ?? refresh;
    const user = accounts.find(token.accountId);
    return withoutUndefined({
      auth_time: login?.authTime,
      acr: acrAtIssue({ ...login, issuedAt: refresh?.iiat ?? login?.iat }),
      amr: login?.amr,
      roles: user?.roles,
      groups: user?.groups,
      sid: token.sessionUid === undefined ? undefined : sessionId(token.sessionUid),
    });
  };
}

/**
 * `sid` of a session, the same for every client in it: a token that was exchanged for another client, and
 * the logout token that ends them all, name the session alike (OpenID Connect Back-Channel Logout §2.1).
 */
export function sessionId(sessionUid: string): string {
  return hash('sha256', `sid:${sessionUid}`, 'base64url');
}

function withoutUndefined(claims: Claims): Claims {
  return Object.fromEntries(Object.entries(claims).filter(([, value]) => value !== undefined));
}

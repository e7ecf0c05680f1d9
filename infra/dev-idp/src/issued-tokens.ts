import type { AccessToken } from 'oidc-provider';

/** Where an issued access token came from. */
export interface IssuedToken {
  readonly grantId: string;
  readonly sessionUid: string | undefined;
  readonly expiresAt: number;
}

/** Access tokens that still live, by `jti`. JWTs are not stored by the library, but their grant decides whether they can be exchanged. */
export interface IssuedTokens {
  add(token: AccessToken): void;
  find(jti: string): IssuedToken | undefined;
}

const sweepEvery = 1000;

export function createIssuedTokens(now: () => number): IssuedTokens {
  const tokens = new Map<string, IssuedToken>();
  return {
    add(token) {
      if (tokens.size % sweepEvery === sweepEvery - 1) {
        for (const [jti, { expiresAt }] of tokens) if (expiresAt <= now()) tokens.delete(jti);
      }
      const { grantId, sessionUid, expiration } = token;
      tokens.set(token.jti, { grantId, sessionUid, expiresAt: now() + expiration * 1000 });
    },
    find: (jti) => tokens.get(jti),
  };
}

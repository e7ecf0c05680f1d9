import { hash, timingSafeEqual } from 'node:crypto';
import type { Account } from 'oidc-provider';
import type { UserConfig } from './config.ts';

/** The users of one tenant. */
export interface Accounts {
  /** By `sub`. */
  find(sub: string): UserConfig | undefined;
  /** The user, if name and password are right. Takes as long for an unknown name as for a wrong password. */
  authenticate(username: string, password: string): UserConfig | undefined;
  /** Some other user of the tenant. */
  other(sub: string): UserConfig | undefined;
}

export function createAccounts(users: readonly UserConfig[]): Accounts {
  const bySub = new Map(users.map((user) => [user.sub, user]));
  const byUsername = new Map(users.map((user) => [user.username, user]));
  return {
    find: (sub) => bySub.get(sub),
    authenticate(username, password) {
      const user = byUsername.get(username);
      const right = timingSafeEqual(digest(user?.password ?? ''), digest(password));
      return right && user !== undefined ? user : undefined;
    },
    other: (sub) => users.find((user) => user.sub !== sub),
  };
}

/** The user as oidc-provider wants one: claims for ID token and userinfo by scope (OpenID Connect Core §5.4). */
export function toAccount(user: UserConfig): Account {
  return {
    accountId: user.sub,
    claims: async () => ({
      sub: user.sub,
      name: user.name,
      preferred_username: user.username,
      email: user.email,
      email_verified: true,
    }),
  };
}

function digest(value: string): Buffer {
  return hash('sha256', value, 'buffer');
}

import type { Grant, Login } from '@mcp-obo/grant';
import type { RevocationView } from '@mcp-obo/revocation';
import { sessionOf } from '../approval/approval-answers.ts';
import type { InteractionStore } from './interaction-store.ts';

/** Where the login of a caller is kept, and until when. Holds no name. */
export interface LoginPlace {
  readonly holder: string;
  /** Milliseconds since the epoch. */
  readonly until: number;
}

/** Logins that users made by a link, for the tokens of the session they were made for. */
export interface ProvenLogins {
  readonly placeOf: (grant: Grant) => LoginPlace;
  readonly keep: (place: LoginPlace, login: Login) => Promise<void>;
  /** What was proved for the caller of this token. */
  readonly of: (grant: Grant) => Promise<Login | undefined>;
}

export interface ProvenLoginsOptions {
  readonly store: InteractionStore;
  readonly revocations: Pick<RevocationView, 'isRevoked'>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** Longest time a login is kept for a session, milliseconds; what a tier wants fresher it judges by `auth_time`. */
const longest = 3_600_000;

interface KeptLogin extends Login {
  /** When it was proved, seconds since the epoch. */
  readonly provedAt: number;
}

/**
 * Keeps logins by issuer, user, client and session, or by the token where the issuer names no session. They end with
 * it: a revocation that would end a token of the time of the login ends the login too, whatever token came later.
 */
export function createProvenLogins({ store, revocations, now }: ProvenLoginsOptions): ProvenLogins {
  return {
    placeOf: (grant) => ({
      holder: holderOf(grant),
      until: grant.session === undefined ? grant.expiresAt * 1000 : now() + longest,
    }),
    async keep({ holder, until }, login) {
      const kept: KeptLogin = { ...login, provedAt: Math.floor(now() / 1000) };
      if (until > now()) await store.put(holder, JSON.stringify(kept), until);
    },
    async of(grant) {
      const value = await store.get(holderOf(grant));
      if (value === undefined) return undefined;
      const { provedAt, ...login } = JSON.parse(value) as KeptLogin;
      return revocations.isRevoked({ ...grant, issuedAt: provedAt }) ? undefined : login;
    },
  };
}

function holderOf(grant: Grant): string {
  return `login:${sessionOf(grant, [])}`;
}

import { createAuthorizedFetch } from './authorized-fetch.ts';
import { createDiscovery } from './discovery.ts';
import { createLock } from './lock.ts';
import { createLogin } from './login.ts';
import { type AuthSessionOptions, type FetchLike, withDefaults } from './options.ts';
import { type Challenge, readChallenge } from './received-challenge.ts';
import { createRegistration } from './registration.ts';
import { createRenew } from './renew.ts';
import { type RevocationResult, revokeTokens } from './revocation.ts';
import { createScopeMemory } from './scope-memory.ts';
import { createTokenVault, isDue, isExpired, type TokenRecord } from './token-record.ts';

/** What may be shown of a session: no token is in it. */
export interface SessionStatus {
  readonly issuer: string;
  readonly resource: string;
  readonly clientId: string;
  readonly scopes: readonly string[];
  /** Seconds since the epoch. */
  readonly expiresAt?: number;
}

/** One user's session with one MCP server. */
export interface AuthSession {
  readonly serverUrl: string;
  /**
   * `fetch` for the MCP server: attaches the token, refreshes it before it ends, answers challenges by a
   * refresh, a login or a step-up, and repeats the request. Each way is tried once a request, so a server
   * that always refuses gets its refusal back to the caller.
   */
  readonly fetch: FetchLike;
  /** A token that is good now, refreshed if need be; `undefined` when only a login can bring one. */
  token(): Promise<string | undefined>;
  /** Answers a refusal of the server to a request that was sent with `sentToken`; true when a retry makes sense. */
  recover(refusal: Response, sentToken: string | undefined): Promise<boolean>;
  /** Logs in now, without waiting for a challenge. */
  login(): Promise<SessionStatus>;
  /** Revokes the tokens at the authorization server (RFC 7009) and forgets them here in any case. */
  signOut(): Promise<RevocationResult>;
  status(): Promise<SessionStatus | undefined>;
}

/** Starts a session; nothing is sent or read before its first use. */
export function createAuthSession(options: AuthSessionOptions): AuthSession {
  const setup = withDefaults(options);
  const { serverUrl, now } = setup;
  const discovery = createDiscovery(setup);
  const registration = createRegistration(setup);
  const vault = createTokenVault(setup.store, serverUrl);
  const renew = createRenew(setup, vault, discovery, registration);
  const logIn = createLogin(setup, discovery, registration);
  const scopes = createScopeMemory();
  const lock = createLock();
  const failure = { count: 0, last: undefined as unknown };

  async function logInFor(challenge: Partial<Challenge>): Promise<TokenRecord> {
    const held = scopes.held(await vault.load());
    try {
      const record = await vault.save(await logIn({ ...challenge, held }));
      scopes.granted(record);
      return record;
    } catch (error) {
      failure.count += 1;
      failure.last = error;
      throw error;
    }
  }

  async function usableToken(): Promise<string | undefined> {
    const record = await vault.load();
    if (record === undefined || !isDue(record, now())) return record?.accessToken;
    if (!isExpired(record, now()) && lock.busy()) return record.accessToken;
    return lock.run(async () => {
      const latest = await vault.load();
      if (latest === undefined || !isDue(latest, now())) return latest?.accessToken;
      scopes.held(latest);
      const stillGood = isExpired(latest, now()) ? undefined : latest.accessToken;
      try {
        return (await renew(latest))?.accessToken ?? (latest.refreshToken ? undefined : stillGood);
      } catch (error) {
        if (stillGood === undefined) throw error;
        return stillGood;
      }
    });
  }

  /** The steps that can answer a challenge, gentlest first. */
  const steps = {
    unauthorized: ['renew', 'login'],
    insufficient_scope: ['login'],
    insufficient_user_authentication: ['login'],
    insufficient_claims: ['login'],
  } as const satisfies Record<Challenge['kind'], readonly ('renew' | 'login')[]>;

  async function answer(
    challenge: Challenge,
    sentToken: string | undefined,
    tried: Set<string>,
  ): Promise<string | undefined> {
    const failuresBefore = failure.count;
    return lock.run(async () => {
      const current = await vault.load();
      if (current !== undefined && current.accessToken !== sentToken && once(tried, 'newer token')) {
        return current.accessToken;
      }
      // Whoever waited for a login that the user refused does not ask the user again.
      if (failure.count > failuresBefore) throw failure.last;
      if (scopes.isExhausted(challenge)) return undefined;
      scopes.held(current);
      for (const step of steps[challenge.kind]) {
        if (!once(tried, `${challenge.kind} ${step}`)) continue;
        const renewed = step === 'login' ? await logInFor(challenge) : current && (await renew(current));
        if (renewed !== undefined) return renewed.accessToken;
      }
      scopes.exhausted(challenge);
      return undefined;
    });
  }

  return {
    serverUrl,
    fetch: createAuthorizedFetch({ serverUrl, fetch: setup.fetch, token: usableToken, answer }),
    token: usableToken,
    recover: async (refusal, sentToken) => {
      const challenge = readChallenge(refusal);
      return challenge !== undefined && (await answer(challenge, sentToken, new Set())) !== undefined;
    },
    login: () =>
      lock.run(async () => {
        scopes.forgetExhausted();
        return statusOf(await logInFor({}));
      }),
    signOut: () =>
      lock.run(async () => {
        const record = await vault.reload();
        scopes.forget();
        await vault.clear();
        return record === undefined
          ? { revoked: false }
          : revokeTokens(setup, discovery, registration, record);
      }),
    status: async () => {
      const record = await vault.load();
      return record && statusOf(record);
    },
  };
}

function once(tried: Set<string>, step: string): boolean {
  if (tried.has(step)) return false;
  tried.add(step);
  return true;
}

function statusOf({ issuer, resource, clientId, scopes, expiresAt }: TokenRecord): SessionStatus {
  return { issuer, resource, clientId, scopes, ...(expiresAt === undefined ? {} : { expiresAt }) };
}

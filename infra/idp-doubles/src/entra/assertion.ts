import type { JWTPayload } from 'jose';
import { AadstsError } from './aadsts.ts';
import { type EntraApp, type EntraTenant, type EntraUser, identifiersOf } from './directory.ts';
import type { EntraState } from './state.ts';

/** The user of an OBO assertion, after all checks. */
export interface AssertedUser {
  readonly user: EntraUser;
  readonly claims: JWTPayload;
}

/**
 * Checks the assertion of an on-behalf-of request, in this order: signature and issuer, life, audience (it
 * must be the calling application), a user and not an application, the user's sessions.
 */
export async function assertUser(
  state: EntraState,
  tenant: EntraTenant,
  caller: EntraApp,
  assertion: string,
): Promise<AssertedUser> {
  const claims = await state.signer.verify(assertion).catch(() => {
    throw new AadstsError(50013);
  });
  if (claims.tid !== tenant.id) throw new AadstsError(50013);
  const now = Math.floor(state.now() / 1000);
  if (typeof claims.exp !== 'number' || claims.exp <= now) throw new AadstsError(500133);
  if (!identifiersOf(caller).includes(String(claims.aud))) throw new AadstsError(500131);
  if (claims.scp === undefined) throw new AadstsError(7000114);
  const user = tenant.users.find((each) => each.oid === claims.oid);
  if (user === undefined) throw new AadstsError(50013);
  if (state.sessions.isRevoked(user.oid, state.sessions.of(claims.uti))) throw new AadstsError(50173);
  return { user, claims };
}

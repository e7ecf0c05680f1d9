import type { LoginDemand } from '@mcp-obo/exchange';
import type { Login } from '@mcp-obo/grant';
import { loginShortfall } from '@mcp-obo/scopes';

/** Seconds by which the clock of an issuer may differ from ours, as for its tokens. */
const tolerance = 30;

/**
 * Why a login is not the one that was asked for (RFC 9470 §5), by the word for page and audit; undefined when it is.
 * Its age is that at the time the user left for the issuer, milliseconds.
 */
export function faultOfLogin(
  login: Login,
  { maxAge, acrValues }: LoginDemand,
  { startedAt, now }: { readonly startedAt: number; readonly now: number },
): 'login_time' | 'login_too_weak' | 'login_too_old' | undefined {
  // A login of tomorrow would be fresh until then.
  if (login.authTime !== undefined && login.authTime > now / 1000 + tolerance) return 'login_time';
  const demand = {
    ...(maxAge !== undefined && { maxLoginAge: maxAge }),
    ...(acrValues !== undefined && { acrValues }),
  };
  const shortfall = loginShortfall(login, [demand], Math.floor(startedAt / 1000) - tolerance);
  if (shortfall === undefined) return undefined;
  return shortfall.weak ? 'login_too_weak' : 'login_too_old';
}

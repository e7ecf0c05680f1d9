import type { Grant, Login } from '@mcp-obo/grant';
import { idpProfiles } from '@mcp-obo/idp-profile';
import type { StepUp } from './decision.ts';
import { answered, challenge, refuse } from './obstacle.ts';
import type { Step } from './question.ts';
import { strictest, type Tier } from './tier.ts';

/**
 * The login is too long ago (`auth_time`) or too weak (`acr`, `amr`): one challenge for both (RFC 9470 §3).
 * A token that does not say when the login was is too old wherever that matters.
 */
export const login: Step = ({ grant, needed, requirement: { kind }, demands, context }) => {
  if (!demands.some(isOfLogin)) return undefined;
  const asked = loginShortfall(loginOf(grant), demands, context.now);
  if (asked === undefined) return undefined;
  if (grant.user === undefined) return refuse(kind, 'needs_login');
  const byLink = demands.every(({ loginByLink }) => loginByLink !== false);
  const proven = byLink ? context.login : undefined;
  if (proven !== undefined && loginShortfall(proven, demands, context.now) === undefined) return undefined;
  const { weak, ...parameters } = asked;
  const error = 'insufficient_user_authentication';
  const stepUp = { error, scopes: needed, ...parameters, ...(byLink && { byLink }) } as const;
  if (answered(context, error))
    return { ...refuse(kind, 'login_did_not_help'), ...(byLink && { unanswered: stepUp }) };
  return challenge(kind, weak ? 'login_too_weak' : 'login_too_old', stepUp);
};

function isOfLogin({ maxLoginAge, acrValues, amrValues }: Partial<Tier>): boolean {
  return maxLoginAge !== undefined || acrValues !== undefined || amrValues !== undefined;
}

/** What a login lacks, by the parameters that ask for it. */
export type LoginShortfall = Pick<StepUp, 'maxAge' | 'acrValues'> & { readonly weak: boolean };

/** What a login lacks of these demands, each of which holds; undefined when it lacks nothing. `now` in seconds. */
export function loginShortfall(
  { authTime, acr: contexts, amr }: Login,
  demands: readonly Partial<Tier>[],
  now: number,
): LoginShortfall | undefined {
  const maxLoginAge = strictest(demands, 'maxLoginAge');
  const old = maxLoginAge !== undefined && (authTime === undefined || now - authTime > maxLoginAge);
  const strongEnough = ({ acrValues, amrValues }: Partial<Tier>) =>
    (acrValues === undefined || acrValues.some((value) => contexts.includes(value))) &&
    (amrValues === undefined || amrValues.some((value) => amr.includes(value)));
  const weak = demands.filter((demand) => !strongEnough(demand));
  if (!old && weak.length === 0) return undefined;
  const acrValues = [...new Set(weak.flatMap((demand) => demand.acrValues ?? []))];
  // A method (`amr`) cannot be asked for by name. A new login is, and the issuer asks for what it has.
  const again = weak.length > 0 && acrValues.length === 0 ? 0 : undefined;
  const maxAge = again ?? (old ? maxLoginAge : undefined);
  return {
    weak: weak.length > 0,
    ...(maxAge === undefined ? {} : { maxAge }),
    ...(acrValues.length === 0 ? {} : { acrValues }),
  };
}

/** The login of the token: `acr`, and every value where the issuer's profile has a list of them (Entra `acrs`). */
function loginOf({ authTime, acr, amr, profile: name, claims }: Grant): Login {
  const profile = Object.entries(idpProfiles).find(([known]) => known === name)?.[1];
  const claim = profile?.token.acrClaim;
  const value = claim !== undefined && Object.hasOwn(claims, claim) ? claims[claim] : undefined;
  return {
    ...(authTime !== undefined && { authTime }),
    acr: [...(acr === undefined ? [] : [acr]), ...(Array.isArray(value) ? value : [])],
    amr,
  };
}

import type { Grant } from '@mcp-obo/grant';
import { idpProfiles } from '@mcp-obo/idp-profile';
import type { StepUp } from './decision.ts';
import { answered, challenge, refuse } from './obstacle.ts';
import type { PreparedQuestion, Step } from './question.ts';
import { strictest, type Tier } from './tier.ts';

/**
 * The login is too long ago (`auth_time`) or too weak (`acr`, `amr`): one challenge for both (RFC 9470 §3).
 * A token that does not say when the login was is too old wherever that matters.
 */
export const login: Step = (question) => {
  const { grant, needed, requirement, context } = question;
  const { kind } = requirement;
  const asked = shortfall(question);
  if (asked === undefined) return undefined;
  if (grant.user === undefined) return refuse(kind, 'needs_login');
  if (answered(context, 'insufficient_user_authentication')) return refuse(kind, 'login_did_not_help');
  const { weak, ...parameters } = asked;
  return challenge(kind, weak ? 'login_too_weak' : 'login_too_old', {
    error: 'insufficient_user_authentication',
    scopes: needed,
    ...parameters,
  });
};

type Shortfall = Pick<StepUp, 'maxAge' | 'acrValues'> & { readonly weak: boolean };

function shortfall({ grant, demands, context }: PreparedQuestion): Shortfall | undefined {
  const maxLoginAge = strictest(demands, 'maxLoginAge');
  const old =
    maxLoginAge !== undefined && (grant.authTime === undefined || context.now - grant.authTime > maxLoginAge);
  const weak = demands.filter((demand) => !strongEnough(grant, demand));
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

function strongEnough(grant: Grant, { acrValues, amrValues }: Partial<Tier>): boolean {
  const contexts = acrValues === undefined ? [] : authenticationContexts(grant);
  return (
    (acrValues === undefined || acrValues.some((value) => contexts.includes(value))) &&
    (amrValues === undefined || amrValues.some((value) => grant.amr.includes(value)))
  );
}

/** `acr`, or every value where the issuer's profile has a list of them (Entra `acrs`). */
function authenticationContexts(grant: Grant): readonly unknown[] {
  const profile = Object.entries(idpProfiles).find(([name]) => name === grant.profile)?.[1];
  const claim = profile?.token.acrClaim;
  const value = claim !== undefined && Object.hasOwn(grant.claims, claim) ? grant.claims[claim] : undefined;
  return [grant.acr, ...(Array.isArray(value) ? value : [])];
}

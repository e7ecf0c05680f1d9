import { interactionPolicy } from 'oidc-provider';

/** `acr` of a login whose password was entered for this very request. */
export const freshLogin = 'urn:mcp:fresh';
/** `acr` of any login with a password. */
export const passwordLogin = 'urn:mcp:password';
/** `acr_values_supported`. */
export const supportedAcrValues = [freshLogin, passwordLogin];

/** Seconds between login and code in which a login still counts as made for the request. */
const freshFor = 300;

/**
 * When a user must log in or consent. As the library's, with two differences: `acr_values=urn:mcp:fresh`
 * asks for a login now (RFC 9470 §4), and native clients are not asked again for what was allowed before.
 */
export function createPrompts(): interactionPolicy.DefaultPolicy {
  const { Check } = interactionPolicy;
  const prompts = interactionPolicy.base();
  prompts.get('consent')?.checks.remove('native_client_prompt');
  prompts
    .get('login')
    ?.checks.add(
      new Check('fresh_login', 'a login for this request is required', 'login_required', ({ oidc }) =>
        asksFreshLogin(oidc.params?.acr_values) && oidc.result?.login === undefined
          ? Check.REQUEST_PROMPT
          : Check.NO_NEED_TO_PROMPT,
      ),
    );
  return prompts;
}

/** True when `acr_values` names the fresh login. */
export function asksFreshLogin(acrValues: unknown): boolean {
  return typeof acrValues === 'string' && acrValues.split(' ').includes(freshLogin);
}

/** `acr` for tokens of a login: a session's later tokens do not inherit that its login was once fresh. */
export function acrAtIssue(login: { acr?: string; authTime?: number; issuedAt?: number }): string {
  if (login.acr !== freshLogin) return login.acr ?? passwordLogin;
  return (login.issuedAt ?? 0) - (login.authTime ?? 0) <= freshFor ? freshLogin : passwordLogin;
}

/**
 * Lets a plain OAuth request carry `acr_values` and `max_age` (RFC 9470 §4). oidc-provider takes them with
 * `openid` only, so that is added.
 */
export function withOpenidForStepUp(url: URL): URL {
  const { searchParams } = url;
  if (!searchParams.has('acr_values') && !searchParams.has('max_age')) return url;
  const scopes = (searchParams.get('scope') ?? '').split(' ').filter((scope) => scope !== '');
  if (!scopes.includes('openid')) searchParams.set('scope', ['openid', ...scopes].join(' '));
  return url;
}

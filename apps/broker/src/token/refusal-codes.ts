import { OAuthError, type OAuthErrorCode } from '@mcp-obo/oauth-error';

/** How one grant's specification wants a refusal to be called. Every one of these is a 400 at a token endpoint. */
export type RefusalCodes = Readonly<Partial<Record<OAuthErrorCode, OAuthErrorCode>>>;

/** A subject or actor token that is not valid, or that the issuer refused: RFC 8693 §2.2.2. */
export const tokenExchangeRefusals: RefusalCodes = {
  invalid_token: 'invalid_request',
  insufficient_claims: 'insufficient_claims',
};

/** The same for an assertion: RFC 7523 §3.1; and what Entra answers when claims or consent are missing, as MSAL knows it. */
export const jwtBearerRefusals: RefusalCodes = {
  invalid_token: 'invalid_grant',
  insufficient_claims: 'interaction_required',
  consent_required: 'invalid_grant',
};

/** Tells apart what shares a code with something else. */
const suberrors: Readonly<Partial<Record<OAuthErrorCode, string>>> = {
  invalid_token: 'subject_refused',
  consent_required: 'consent_required',
};

/**
 * Runs the steps of a grant and spells its refusals as the grant's specification does. Where that has one code for
 * two things, `suberror` tells which it was.
 */
export async function spellRefusals<T>(codes: RefusalCodes, steps: () => Promise<T>): Promise<T> {
  try {
    return await steps();
  } catch (error) {
    if (!(error instanceof OAuthError)) throw error;
    const code = codes[error.code];
    if (code === undefined) throw error;
    const { message, reason, params } = error;
    const suberror = suberrors[error.code];
    throw new OAuthError(code, message, {
      status: 400,
      cause: error,
      reason,
      params: { ...(suberror === undefined ? {} : { suberror }), ...params },
    });
  }
}

import { OAuthError, type OAuthErrorCode } from '@mcp-obo/oauth-error';

/** How one grant's specification wants a refusal to be called. Every one of these is a 400 at a token endpoint. */
export type RefusalCodes = Readonly<Partial<Record<OAuthErrorCode, OAuthErrorCode>>>;

/** A subject or actor token that is not valid, or that the issuer refused: RFC 8693 §2.2.2. */
export const tokenExchangeRefusals: RefusalCodes = {
  invalid_token: 'invalid_request',
  insufficient_claims: 'insufficient_claims',
};

/** The same for an assertion: RFC 7523 §3.1; and what MSAL understands of a claims challenge. */
export const jwtBearerRefusals: RefusalCodes = {
  invalid_token: 'invalid_grant',
  insufficient_claims: 'interaction_required',
};

/**
 * Runs the steps of a grant and spells its refusals as the grant's specification does. RFC 8693 has one code for
 * a bad subject and a bad request; `suberror` tells our own clients which it was.
 */
export async function spellRefusals<T>(codes: RefusalCodes, steps: () => Promise<T>): Promise<T> {
  try {
    return await steps();
  } catch (error) {
    if (!(error instanceof OAuthError)) throw error;
    const code = codes[error.code];
    if (code === undefined) throw error;
    const { message, reason, params } = error;
    const subject: Record<string, string> =
      error.code === 'invalid_token' ? { suberror: 'subject_refused' } : {};
    throw new OAuthError(code, message, {
      status: 400,
      cause: error,
      reason,
      params: { ...subject, ...params },
    });
  }
}

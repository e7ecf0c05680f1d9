import { OAuthError, type OAuthErrorCode } from '@mcp-obo/oauth-error';
import { verifies } from '@mcp-obo/testbed/verifies';
import { describe, expect, it } from 'vitest';
import {
  jwtBearerRefusals,
  type RefusalCodes,
  spellRefusals,
  tokenExchangeRefusals,
} from './refusal-codes.ts';

async function spelled(codes: RefusalCodes, code: OAuthErrorCode, params: Record<string, string> = {}) {
  const refusal = spellRefusals(codes, () => Promise.reject(new OAuthError(code, 'No.', { params })));
  const error = await refusal.catch((thrown: OAuthError) => thrown as OAuthError);
  return { status: error.status, ...error.toBody() };
}

describe('a refusal in the words of its grant', () => {
  it.each<[string, RefusalCodes, OAuthErrorCode, string, string | undefined]>([
    [
      'a bad subject token, RFC 8693',
      tokenExchangeRefusals,
      'invalid_token',
      'invalid_request',
      'subject_refused',
    ],
    ['a bad assertion, RFC 7523', jwtBearerRefusals, 'invalid_token', 'invalid_grant', 'subject_refused'],
    ['missing consent, RFC 8693', tokenExchangeRefusals, 'consent_required', 'consent_required', undefined],
    ['missing consent, as Entra', jwtBearerRefusals, 'consent_required', 'invalid_grant', 'consent_required'],
    ['missing claims, as Entra', jwtBearerRefusals, 'insufficient_claims', 'interaction_required', undefined],
  ])(verifies('tb:error-map', 'is a 400: %s'), async (_case, codes, code, error, suberror) => {
    expect(await spelled(codes, code)).toMatchObject({ status: 400, error, ...(suberror && { suberror }) });
  });

  it(verifies('tb:error-map', 'keeps the suberror of the identity provider'), async () => {
    expect(await spelled(jwtBearerRefusals, 'consent_required', { suberror: 'theirs' })).toMatchObject({
      suberror: 'theirs',
    });
  });
});

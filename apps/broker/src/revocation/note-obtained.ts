import type { ObtainedToken } from '@mcp-obo/exchange';
import type { ObtainedTokens, RevocationView } from '@mcp-obo/revocation';
import type { IssuerRevocations } from './issuer-revocations.ts';
import type { OpaqueTokens } from './opaque-tokens.ts';

export interface NoteObtainedOptions {
  readonly obtained: Pick<ObtainedTokens, 'note'>;
  readonly opaque: Pick<OpaqueTokens, 'note'>;
  readonly revocations: RevocationView;
  readonly atIssuer: Pick<IssuerRevocations, 'revoke'>;
}

/**
 * Notes each token that the engine obtained under what it was obtained with, so that it ends with it. One that came
 * when that had ended already is given to nobody, and ends at once.
 */
export function noteObtained(options: NoteObtainedOptions): (token: ObtainedToken) => void {
  const { obtained, opaque, revocations, atIssuer } = options;
  return (token) => {
    const { accessToken, endsAt, subject, tags, tokenKey: key } = token;
    if (token.obtained !== undefined && subject !== undefined && revocations.isRevoked(subject))
      atIssuer.revoke({ ...token.obtained, accessToken, expiresAt: endsAt });
    if (!token.readable) opaque.note(token);
    // The user is the token's own.
    const origins = tags.filter((tag) => !tag.startsWith('user:'));
    obtained.note(origins, { key, until: endsAt * 1000 });
  };
}

import type { Grant } from '@mcp-obo/grant';
import type { IdpProfile } from '@mcp-obo/idp-profile';
import { isOAuthError, OAuthError } from '@mcp-obo/oauth-error';
import { createValidator } from '@mcp-obo/validator';
import type { Fetch } from '../answer-fetch.ts';

export interface AssertionCheckOptions {
  /** The identity provider that issues assertions. */
  readonly issuer: string;
  readonly tenant: string;
  readonly profile: IdpProfile;
  readonly jwksUri?: string;
  /** Issuer of the authorization server that they are for. */
  readonly audience: string;
  readonly fetch: Fetch;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** What an assertion says. */
export interface CheckedAssertion {
  /** The key by which the resource's authorization server knows the user, where the assertion names it. */
  readonly userThere?: string;
}

/**
 * Believes an identity assertion only when the identity provider signed it, for that authorization server, for our
 * registration there, and about the user of the subject token (draft-ietf-oauth-identity-assertion-authz-grant §3).
 * Anything else rejects as `bad_gateway`.
 */
export function createAssertionCheck(options: AssertionCheckOptions) {
  const { issuer, tenant, profile, jwksUri, audience, fetch, now } = options;
  const validator = createValidator({
    issuers: [
      {
        issuer,
        tenant,
        profile: assertionProfile(profile),
        audiences: [audience],
        ...(jwksUri === undefined ? {} : { jwksUri }),
      },
    ],
    fetch,
    now,
    cache: false,
  });

  return async (assertion: string, subject: Grant, clientId: string): Promise<CheckedAssertion> => {
    const grant = await validated(assertion);
    if (grant.client !== clientId) throw refused('assertion_client');
    if (grant.user === undefined || grant.user.key !== subject.user?.key) throw refused('assertion_user');
    const { aud_sub: userThere } = grant.claims;
    return typeof userThere === 'string' && userThere !== '' ? { userThere } : {};
  };

  async function validated(token: string): Promise<Grant> {
    try {
      return await validator.validate({ scheme: 'Bearer', token, method: 'POST', url: '' });
    } catch (error) {
      if (isOAuthError(error) && error.code === 'invalid_token')
        throw refused(`assertion_${error.reason}`, error);
      throw error;
    }
  }
}

/** How an assertion looks: a type of its own, and the user as in an ID token of the issuer. */
function assertionProfile(profile: IdpProfile): IdpProfile {
  return {
    ...profile,
    token: {
      ...profile.token,
      typ: ['oauth-id-jag+jwt'],
      clientClaims: ['client_id'],
      tokenIdClaims: ['jti'],
      maxLifetime: 3600,
      userKey: profile.token.idTokenUserKey,
      isMachine: () => false,
      refuse: () => undefined,
    },
  };
}

function refused(reason: string, cause?: unknown): OAuthError {
  return new OAuthError(
    'bad_gateway',
    'The identity provider answered with an assertion that is not acceptable.',
    {
      reason: `answer_${reason}`,
      cause,
    },
  );
}

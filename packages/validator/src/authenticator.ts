import type { Credential, Grant } from '@mcp-obo/grant';
import { bearerChallenge } from '@mcp-obo/metadata';
import { isOAuthError, OAuthError } from '@mcp-obo/oauth-error';
import { type CredentialRequest, readCredential } from './bearer.ts';
import type { Validator } from './validator.ts';

/** How requests to a protected resource are authenticated. */
export interface AuthenticatorOptions {
  readonly validator: Validator;
  /** This server's own URL. */
  readonly resource: string;
  /** Where its metadata is (RFC 9728 §3); part of every challenge. */
  readonly resourceMetadataUrl: string;
  /** The smallest useful scope, for clients that come without a token; names parted by spaces. */
  readonly scope?: string;
  /** Told of every outcome, for audit and limits. Must not throw. */
  readonly onOutcome?: (outcome: Outcome) => void;
}

/** How the authentication of one request ended. */
export type Outcome =
  | { readonly kind: 'accepted'; readonly grant: Grant; readonly credential: Credential }
  /** No credential at all: a client that does not know yet where to log in. */
  | { readonly kind: 'absent'; readonly refusal: HttpRefusal }
  | { readonly kind: 'refused'; readonly error: OAuthError; readonly refusal: HttpRefusal };

/** The answer to a request that is not let through. */
export interface HttpRefusal {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readonly<Record<string, string>>;
}

/**
 * Authenticates requests without knowing the framework: reads the credential, validates it, and spells the
 * answer of RFC 6750 §3 for those that fail. It rejects never: a fault of our own is a refusal with 5xx.
 */
export function createAuthenticator(
  options: AuthenticatorOptions,
): (request: CredentialRequest) => Promise<Outcome> {
  const { validator, resource, resourceMetadataUrl, scope, onOutcome } = options;

  const challenge = (error?: OAuthError) =>
    bearerChallenge({
      resourceMetadata: resourceMetadataUrl,
      ...(scope === undefined || error?.status === 400 ? {} : { scope }),
      ...(error === undefined ? {} : { error: error.code, errorDescription: error.message }),
    });

  const absent: Outcome = {
    kind: 'absent',
    refusal: {
      status: 401,
      headers: { 'www-authenticate': challenge(), 'cache-control': 'no-store' },
      body: { message: 'This resource needs an access token.' },
    },
  };

  function refused(error: OAuthError): Outcome {
    const headers: Record<string, string> = { 'cache-control': 'no-store' };
    if (error.status < 500) headers['www-authenticate'] = challenge(error);
    if (error.retryAfter !== undefined) headers['retry-after'] = String(error.retryAfter);
    return { kind: 'refused', error, refusal: { status: error.status, headers, body: error.toBody() } };
  }

  async function outcomeOf(request: CredentialRequest): Promise<Outcome> {
    try {
      const credential = readCredential(request, resource);
      if (credential === undefined) return absent;
      return { kind: 'accepted', grant: await validator.validate(credential), credential };
    } catch (cause) {
      return refused(isOAuthError(cause) ? cause : serverError(cause));
    }
  }

  return async (request) => {
    const outcome = await outcomeOf(request);
    onOutcome?.(outcome);
    return outcome;
  };
}

function serverError(cause: unknown): OAuthError {
  return new OAuthError('server_error', 'The request could not be served.', { reason: 'bug', cause });
}

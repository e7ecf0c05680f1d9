import type { InteractionReason, Interactions } from '@mcp-obo/exchange';
import { OAuthError } from '@mcp-obo/oauth-error';
import type { ClientAuthenticator } from '../client-auth/authenticate.ts';
import type { ClientConfig } from '../config.ts';
import { parseForm, type TokenForm } from '../token/form.ts';
import { spellRefusals, tokenExchangeRefusals } from '../token/refusal-codes.ts';
import { assertReachable, type SubjectCheck } from '../token/subject-check.ts';
import { parseScope, type TargetRegistry } from '../token/target-registry.ts';
import { type FormRequest, refuseSecretsInUrl } from '../token/token-endpoint.ts';
import { readSubjectToken, readTarget } from '../token/token-exchange.ts';

export interface InteractionEndpointOptions {
  readonly authenticate: ClientAuthenticator;
  readonly check: SubjectCheck;
  readonly targets: TargetRegistry;
  readonly interactions: Interactions;
  /** Told of every refusal of a client that has proved itself. */
  readonly onRefused?: (error: unknown, client: ClientConfig) => void;
}

/** The two endpoints of what a user must do at the issuer: one before the browser goes there, one after. */
export interface InteractionEndpoints {
  readonly start: (request: FormRequest) => Promise<Record<string, unknown>>;
  readonly finish: (request: FormRequest) => Promise<Record<string, unknown>>;
}

/** The calling client's own registration makes the request, and only the user of the token may answer it. */
export function createInteractionEndpoints(options: InteractionEndpointOptions): InteractionEndpoints {
  const { authenticate, check, targets, interactions, onRefused } = options;

  const endpoint =
    (step: (form: TokenForm, client: ClientConfig) => Promise<Record<string, unknown>>) =>
    async (request: FormRequest) => {
      refuseSecretsInUrl(request.query);
      const form = parseForm(request.body);
      const client = await authenticate({ ...request, form });
      try {
        refuseUnregistered(client);
        return await spellRefusals(tokenExchangeRefusals, () => step(form, client));
      } catch (error) {
        onRefused?.(error, client);
        throw error;
      }
    };

  return {
    start: endpoint(async (form, client) => {
      const subjectToken = readSubjectToken(form);
      const target = readTarget(form, targets);
      const request = {
        client: client.id,
        target: target.name,
        scopes: parseScope(form.one('scope')),
        reason: readReason(form),
        redirectUri: form.required('redirect_uri'),
        state: secret(form, 'state'),
        nonce: secret(form, 'nonce'),
        codeChallenge: readChallenge(form),
      };
      const subject = await check.subject(subjectToken, { client, tenant: undefined });
      assertReachable(subject, target);
      const { grant } = subject;
      const { authorizationUrl } = await interactions.start({ ...request, grant });
      return { authorization_url: authorizationUrl };
    }),
    finish: endpoint(async (form, client) => {
      await tellingWhy(() =>
        interactions.finish({
          client: client.id,
          user: { issuer: form.required('issuer'), key: form.required('user') },
          redirectUri: form.required('redirect_uri'),
          response: form.required('response'),
          state: secret(form, 'state'),
          nonce: secret(form, 'nonce'),
          codeVerifier: form.required('code_verifier'),
        }),
      );
      return { completed: true };
    }),
  };
}

function refuseUnregistered({ grants, redirect_uris }: ClientConfig): void {
  if (grants.includes('token-exchange') && redirect_uris.length > 0) return;
  throw new OAuthError('unauthorized_client', 'The client is not registered for interactions.', {
    reason: 'no_interactions',
  });
}

function readReason(form: TokenForm): InteractionReason {
  const reason = form.required('reason');
  if (reason === 'consent_required' || reason === 'interaction_required') return reason;
  throw invalid('The reason is not supported.', 'interaction_reason');
}

/** RFC 7636 §4.2: S256, and nothing weaker. */
function readChallenge(form: TokenForm): string {
  const challenge = form.required('code_challenge');
  if (form.required('code_challenge_method') === 'S256' && /^[\w-]{43}$/.test(challenge)) return challenge;
  throw invalid('code_challenge must be made by S256 (RFC 7636 §4.2).', 'code_challenge');
}

/** A value that nobody else can guess. */
function secret(form: TokenForm, name: string): string {
  const value = form.required(name);
  if (/^[\w-]{32,128}$/.test(value)) return value;
  throw invalid(`${name} must be 32 to 128 unguessable characters.`, 'interaction_secret');
}

/** A denial has one code for two things; `suberror` tells which it was. */
async function tellingWhy(step: () => Promise<void>): Promise<void> {
  try {
    await step();
  } catch (error) {
    if (!(error instanceof OAuthError) || error.code !== 'access_denied') throw error;
    const { message, reason } = error;
    throw new OAuthError('access_denied', message, { reason, cause: error, params: { suberror: reason } });
  }
}

function invalid(message: string, reason: string): OAuthError {
  return new OAuthError('invalid_request', message, { reason });
}

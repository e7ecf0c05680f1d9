import type { InteractionReason, Interactions, LoginDemand } from '@mcp-obo/exchange';
import { OAuthError } from '@mcp-obo/oauth-error';
import type { ClientAuthenticator } from '../client-auth/authenticate.ts';
import type { ClientConfig } from '../config.ts';
import { parseForm, type TokenForm } from '../token/form.ts';
import { spellRefusals, tokenExchangeRefusals } from '../token/refusal-codes.ts';
import { assertReachable, type SubjectCheck } from '../token/subject-check.ts';
import { parseScope, type TargetRegistry } from '../token/target-registry.ts';
import { refuseSecretsInUrl } from '../token/token-endpoint.ts';
import { readSubjectToken, readTarget } from '../token/token-exchange.ts';
import type { FormRequest } from '../token/token-request.ts';

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
      const reason = readReason(form);
      const request = {
        client: client.id,
        redirectUri: form.required('redirect_uri'),
        state: secret(form, 'state'),
        nonce: secret(form, 'nonce'),
        codeChallenge: readChallenge(form),
      };
      if (reason === 'login_required') {
        const demand = readDemand(form);
        const { grant } = await check.subject(subjectToken, { client, tenant: undefined });
        return answerOf(await interactions.login({ ...request, grant, ...(demand && { demand }) }));
      }
      const target = readTarget(form, targets);
      const scopes = parseScope(form.one('scope'));
      const subject = await check.subject(subjectToken, { client, tenant: undefined });
      assertReachable(subject, target);
      const { grant } = subject;
      return answerOf(await interactions.start({ ...request, reason, target: target.name, scopes, grant }));
    }),
    finish: endpoint(async (form, client) => {
      const { authTime, acr, amr } = await tellingWhy(() =>
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
      return { completed: true, ...(authTime !== undefined && { auth_time: authTime }), acr, amr };
    }),
  };
}

function refuseUnregistered({ grants, redirect_uris }: ClientConfig): void {
  if (grants.includes('token-exchange') && redirect_uris.length > 0) return;
  throw new OAuthError('unauthorized_client', 'The client is not registered for interactions.', {
    reason: 'no_interactions',
  });
}

function answerOf({ authorizationUrl }: { readonly authorizationUrl: string }) {
  return { authorization_url: authorizationUrl };
}

const reasons = ['consent_required', 'interaction_required', 'login_required'] as const satisfies readonly (
  | InteractionReason
  | 'login_required'
)[];

function readReason(form: TokenForm): (typeof reasons)[number] {
  const given = form.required('reason');
  const reason = reasons.find((known) => known === given);
  if (reason === undefined) throw invalid('The reason is not supported.', 'interaction_reason');
  return reason;
}

/** What the login must be (RFC 9470 §4); undefined when any will do. */
function readDemand(form: TokenForm): LoginDemand | undefined {
  const [age, values] = [form.one('max_age'), form.one('acr_values')];
  if (age !== undefined && !/^\d{1,9}$/.test(age))
    throw invalid('max_age must be a number of seconds.', 'interaction_demand');
  const acrValues = (values ?? '').split(' ').filter((value) => value !== '');
  if (age === undefined && acrValues.length === 0) return undefined;
  return {
    ...(age !== undefined && { maxAge: Number(age) }),
    ...(acrValues.length > 0 && { acrValues }),
  };
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
async function tellingWhy<T>(step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    if (!(error instanceof OAuthError) || error.code !== 'access_denied') throw error;
    const { message, reason } = error;
    throw new OAuthError('access_denied', message, { reason, cause: error, params: { suberror: reason } });
  }
}

function invalid(message: string, reason: string): OAuthError {
  return new OAuthError('invalid_request', message, { reason });
}

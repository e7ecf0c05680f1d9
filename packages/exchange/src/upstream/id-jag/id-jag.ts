import { OAuthError } from '@mcp-obo/oauth-error';
import { SpanStatusCode, trace } from '@opentelemetry/api';
import { errorRows } from '../../errors/error-rows.ts';
import { clientCredentialsRequest } from '../client-credentials.ts';
import { type GrantRequest, idJagType, scopeText } from '../grant-request.ts';
import { createRegistrations, type RegistrationsOptions } from '../registrations.ts';
import { accessTokenType } from '../rfc8693.ts';
import type { Upstream, UpstreamExchange } from '../upstream.ts';
import { createAssertionCheck } from './assertion-check.ts';
import { assertionRows } from './assertion-rows.ts';

/** An authorization server with the registrations of our clients there. */
export interface IdJagParty
  extends Pick<RegistrationsOptions, 'issuer' | 'profile' | 'tokenEndpoint' | 'credentials' | 'guard'> {
  /** Found by discovery when absent. */
  readonly jwksUri?: string;
}

export interface IdJagOptions extends Pick<RegistrationsOptions, 'fetch' | 'timeoutMs' | 'now' | 'random'> {
  readonly tenant: string;
  /** Names of the targets behind that authorization server. */
  readonly targets: readonly string[];
  /** The users' identity provider, which issues assertions. */
  readonly identityProvider: IdJagParty;
  /** The authorization server of the resource, which takes them. */
  readonly authorizationServer: IdJagParty;
}

const tracer = trace.getTracer('@mcp-obo/exchange');

/**
 * Access to a resource of another domain in two steps: the identity provider gives an assertion about the user for
 * that domain's authorization server, and that server a token for it
 * (draft-ietf-oauth-identity-assertion-authz-grant §4, §5; RFC 8693, RFC 7523 §2.1). The assertion is checked, used
 * once and kept nowhere.
 *
 * @throws TypeError at start for an endpoint that is neither https nor on loopback, or a key that cannot sign.
 */
export function createIdJag(options: IdJagOptions): Upstream {
  const { tenant, targets, identityProvider, authorizationServer, ...rest } = options;
  const home = createRegistrations({ ...rest, ...identityProvider });
  const there = createRegistrations({
    ...rest,
    ...authorizationServer,
    errorRows: [...assertionRows, ...errorRows[authorizationServer.profile.name]],
  });
  const checkAssertion = createAssertionCheck({
    ...rest,
    ...identityProvider,
    tenant,
    audience: authorizationServer.issuer,
  });
  const { issuer, profile, jwksUri } = authorizationServer;

  async function assertionFor(request: UpstreamExchange, clientId: string, deadline: number | undefined) {
    if (request.actorToken !== undefined)
      throw new OAuthError('invalid_request', 'The identity provider takes no actor token.', {
        reason: 'actor_unsupported',
      });
    const { accessToken: assertion, issuedTokenType } = await home.ask(
      request.client,
      'exchange',
      assertionRequest(request, issuer),
      deadline,
    );
    if (issuedTokenType !== idJagType)
      throw new OAuthError('bad_gateway', 'The identity provider answered with another kind of token.', {
        reason: 'answer_token_type',
      });
    return { assertion, ...(await checkAssertion(assertion, request.subject, clientId)) };
  }

  return {
    issuer,
    tenant,
    profile,
    ...(jwksUri === undefined ? {} : { jwksUri }),
    answerIssuers: [issuer],
    serves: { targets, subjectIssuers: [identityProvider.issuer] },
    knowsUsersByItself: true,
    registration(client) {
      const [first, second] = [home.registration(client), there.registration(client)];
      if (first === undefined || second === undefined) return undefined;
      return { clientId: second.clientId, id: JSON.stringify([first.id, second.id]) };
    },
    async exchange(request, deadline) {
      const clientId = there.registration(request.client)?.clientId ?? '';
      const { assertion, userThere } = await traced('identity assertion', () =>
        assertionFor(request, clientId, deadline),
      );
      const answer = await traced('assertion grant', () =>
        there.ask(request.client, 'exchange', grantRequest(request, assertion, profile), deadline),
      );
      return { ...answer, ...(userThere === undefined ? {} : { userKey: userThere }) };
    },
    async clientCredentials(request, deadline) {
      const grant = clientCredentialsRequest(profile, request);
      return there.ask(request.client, 'client_credentials', grant, deadline);
    },
    ...(profile.revocation.accessTokens && { revoke: there.revoke }),
  };
}

/** §4.1: a token exchange for an assertion, with the resource's authorization server as its audience. */
function assertionRequest(request: UpstreamExchange, audience: string): GrantRequest {
  const { subjectToken, resource = request.audience, scopes, claims } = request;
  return {
    grantType: 'urn:ietf:params:oauth:grant-type:token-exchange',
    parameters: {
      subject_token: subjectToken,
      subject_token_type: accessTokenType,
      requested_token_type: idJagType,
      audience,
      resource,
      scope: scopes.join(' '),
      ...(claims === undefined ? {} : { claims }),
    },
  };
}

/** §5: the assertion as an authorization grant (RFC 7523 §2.1). */
function grantRequest(
  request: UpstreamExchange,
  assertion: string,
  profile: IdJagParty['profile'],
): GrantRequest {
  return {
    grantType: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
    parameters: { assertion, scope: scopeText(profile, request) },
  };
}

/** A step in a span of its own, which holds no more than its name and how it ended. */
function traced<T>(name: string, step: () => Promise<T>): Promise<T> {
  return tracer.startActiveSpan(name, async (span) => {
    try {
      return await step();
    } catch (error) {
      span.setStatus({ code: SpanStatusCode.ERROR });
      throw error;
    } finally {
      span.end();
    }
  });
}

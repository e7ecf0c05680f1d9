import { createLocalJWKSet, type JWTPayload, errors as joseErrors, jwtVerify } from 'jose';
import { errors, type default as Provider, type TokenEndpointGrantContext } from 'oidc-provider';
import type { Accounts } from './accounts.ts';
import type { TenantConfig } from './config.ts';
import type { Faults } from './faults.ts';
import type { IssuedTokens } from './issued-tokens.ts';
import type { KeyRing } from './keys.ts';
import type { Resources } from './resources.ts';
import { type DecidedClaims, sessionId } from './token-claims.ts';
import { single, spaced } from './token-request.ts';

/** RFC 8693 §2.1. */
export const tokenExchangeGrant = 'urn:ietf:params:oauth:grant-type:token-exchange';
const accessTokenType = 'urn:ietf:params:oauth:token-type:access_token';
const acceptedTypes = new Set([accessTokenType, 'urn:ietf:params:oauth:token-type:jwt']);
const deepestChain = 8;

/** What the grant needs of its tenant. */
export interface TokenExchangeDeps {
  readonly provider: Provider;
  readonly tenant: TenantConfig;
  readonly keys: KeyRing;
  readonly accounts: Accounts;
  readonly resources: Resources;
  readonly issued: IssuedTokens;
  readonly decided: DecidedClaims;
  readonly faults: Faults;
}

type Context = TokenEndpointGrantContext<Record<string, string | string[] | undefined>>;

/** Registers the token-exchange grant (RFC 8693): a user's token for one API, acting for that user. */
export function registerTokenExchange(deps: TokenExchangeDeps): void {
  deps.provider.registerGrantType<Record<string, string | string[] | undefined>>(
    tokenExchangeGrant,
    (context) => exchange(deps, context),
    [
      'subject_token',
      'subject_token_type',
      'actor_token',
      'actor_token_type',
      'requested_token_type',
      'audience',
      'resource',
      'scope',
    ],
    ['audience', 'resource'],
  );
}

async function exchange(deps: TokenExchangeDeps, context: Context): Promise<void> {
  const { client, params } = context.oidc;
  if (client.clientAuthMethod === 'none')
    throw new errors.UnauthorizedClient('token exchange needs a client that can authenticate');
  if (deps.faults.take('unavailable')) throw unavailable();

  const token = single(params, 'subject_token');
  const type = single(params, 'subject_token_type');
  if (token === undefined || type === undefined)
    throw new errors.InvalidRequest('subject_token and subject_token_type are required');
  const requestedType = single(params, 'requested_token_type') ?? accessTokenType;
  if (!acceptedTypes.has(type)) throw new errors.InvalidRequest('subject_token_type is not supported');
  if (!acceptedTypes.has(requestedType))
    throw new errors.InvalidRequest('requested_token_type is not supported');
  if (params.actor_token !== undefined || params.actor_token_type !== undefined)
    throw new errors.InvalidRequest('actor_token is not supported: the client that asks is the actor');

  const subject = await verifySubjectToken(deps, token, client.clientId);
  const session = await liveSession(deps, subject);
  const identifier = target(params);
  const { server } = deps.resources.forPermission(
    deps.tenant.exchange,
    client.clientId,
    identifier,
    spaced(params.scope),
  );

  const issued = new deps.provider.AccessToken({
    accountId: String(subject.sub),
    client,
    grantId: server.accessTokenFormat === 'opaque' ? await ownGrant(deps, context, subject) : session.grantId,
    gty: 'token-exchange',
    sessionUid: session.sessionUid,
    scope: server.scope,
    resourceServer: new deps.provider.ResourceServer(identifier, server),
  });
  deps.decided.set(issued, carriedClaims(subject, client.clientId));
  context.oidc.entity('AccessToken', issued);
  const value = await issued.save();
  await joinSession(deps, session.sessionUid, client);

  context.body = {
    access_token: value,
    issued_token_type: requestedType,
    token_type: issued.tokenType,
    expires_in: issued.expiration,
    scope: issued.scope,
  };
}

/**
 * What is kept here is ended together with its grant, and counts only if that is its client's own: neither may be the
 * login of the user.
 */
function ownGrant({ provider }: TokenExchangeDeps, context: Context, { sub }: JWTPayload): Promise<string> {
  const { clientId } = context.oidc.client;
  return new provider.Grant({ accountId: String(sub), clientId }).save();
}

/** RFC 8693 §2.2.2: a subject token that is not valid, or not for this client, makes the request invalid. */
async function verifySubjectToken(
  { provider, keys, accounts }: TokenExchangeDeps,
  token: string,
  client: string,
): Promise<JWTPayload> {
  const keySet = createLocalJWKSet(keys.publicJwks());
  const { payload } = await jwtVerify(token, keySet, {
    issuer: provider.issuer,
    typ: 'at+jwt',
    algorithms: ['RS256'],
    requiredClaims: ['sub', 'aud', 'exp', 'jti', 'client_id'],
  }).catch((cause: unknown) => {
    if (cause instanceof joseErrors.JOSEError)
      throw new errors.InvalidRequest('subject_token is invalid or expired', undefined, { cause });
    throw cause;
  });
  if (![payload.aud].flat().includes(client))
    throw new errors.InvalidRequest('subject_token was not issued for this client');
  if (accounts.find(String(payload.sub)) === undefined)
    throw new errors.InvalidRequest('subject_token does not speak for a user');
  return payload;
}

/** A token whose grant was revoked, or whose session ended, cannot be exchanged any more. */
async function liveSession({ provider, issued }: TokenExchangeDeps, subject: JWTPayload) {
  const record = issued.find(String(subject.jti));
  const grant = record === undefined ? undefined : await provider.Grant.find(record.grantId);
  if (record === undefined || grant === undefined)
    throw new errors.InvalidRequest('subject_token was revoked');
  return record;
}

function target(params: Context['oidc']['params']): string {
  const targets = new Set([params.audience ?? [], params.resource ?? []].flat());
  const [identifier] = targets;
  if (identifier === undefined) throw new errors.InvalidTarget('audience or resource is required');
  if (targets.size > 1) throw new errors.InvalidTarget('only one target can be asked for at a time');
  return identifier;
}

/** The user stays who it was; the requester becomes the outermost actor (RFC 8693 §4.1). */
function carriedClaims(subject: JWTPayload, requester: string): Record<string, unknown> {
  const { auth_time, acr, amr, roles, groups, sid, act } = subject;
  const chain = { sub: requester, ...(act === undefined ? {} : { act }) };
  if (depth(chain) > deepestChain) throw new errors.InvalidRequest('the chain of actors is too long');
  const carried = { auth_time, acr, amr, roles, groups, sid };
  return {
    ...Object.fromEntries(Object.entries(carried).filter(([, value]) => value !== undefined)),
    act: chain,
  };
}

function depth(actor: unknown): number {
  return typeof actor === 'object' && actor !== null && 'act' in actor ? 1 + depth(actor.act) : 1;
}

/** The requester now holds a token of this session, so its end is told to the requester too. */
async function joinSession(
  { provider }: TokenExchangeDeps,
  sessionUid: string | undefined,
  client: Context['oidc']['client'],
): Promise<void> {
  if (sessionUid === undefined || client.backchannelLogoutUri === undefined) return;
  const session = await provider.Session.findByUid(sessionUid);
  if (session === undefined || session.sidFor(client.clientId) !== undefined) return;
  session.sidFor(client.clientId, sessionId(sessionUid));
  await session.persist();
}

function unavailable(): Error {
  const error = new errors.TemporarilyUnavailable('switched off for a test');
  return Object.assign(error, { status: 503, statusCode: 503 });
}

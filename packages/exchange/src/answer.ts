import { type Actor, actorChain, type Grant, subjectKey, tokenHash } from '@mcp-obo/grant';
import { isOAuthError, OAuthError } from '@mcp-obo/oauth-error';
import { parseScopes } from '@mcp-obo/scopes';
import type { StoredToken } from './cache-entry.ts';
import type { EngineOptions } from './contract.ts';
import { defaultMaxLifetime, lifetimeOf } from './lifetime.ts';
import type { Target } from './target.ts';
import type { Upstream, UpstreamAnswer } from './upstream/upstream.ts';

/** What an answer is held against. */
export interface Expectation {
  readonly upstream: Upstream;
  readonly target: Target;
  /** `aud` the token must have. */
  readonly audience: string;
  readonly scopePrefix: string;
  /** What was asked for. */
  readonly scopes: readonly string[];
  /** The most that may come back. */
  readonly ceiling: readonly string[];
  /** The subject token's grant; absent for machines, whose tokens must name no user. */
  readonly subject?: Grant;
  readonly requestedTokenType: string;
  readonly maxActorDepth: number;
}

/** A checked answer, and how long it may be kept. */
export interface CheckedAnswer {
  readonly token: StoredToken;
  /** Names the token, by `subjectKey`. */
  readonly tokenKey: string;
  /** When the token itself expires, which may be after what is told and kept of it. Seconds since the epoch. */
  readonly endsAt: number;
  readonly cacheUntil?: number;
  readonly refreshAt?: number;
}

/** What the token, or for an opaque target the response, says. */
interface Findings {
  readonly tokenKey: string;
  readonly scopes: readonly string[];
  readonly expiresAt?: number;
  readonly act?: Actor;
}

/**
 * Believes an answer only when it is for this target, of an issuer of this upstream, about the same user,
 * and within the policy's ceiling; its life is capped, not refused. Anything else rejects as
 * `bad_gateway` with a reason that begins with `answer_`.
 */
export async function checkAnswer(
  answer: UpstreamAnswer,
  expected: Expectation,
  { answers, now }: Pick<EngineOptions, 'answers' | 'now'>,
): Promise<CheckedAnswer> {
  const findings =
    expected.target.kind === 'jwt'
      ? readToken(await validated(answer.accessToken, answers), answer, expected)
      : readResponse(answer, expected);
  const ignored = new Set(expected.target.ignoredScopes);
  const scopes = findings.scopes.filter((scope) => !ignored.has(scope));
  if (!scopes.every((scope) => expected.ceiling.includes(scope))) throw refused('answer_scope');
  const { expiresAt, cacheUntil, refreshAt } = lifetimeOf({
    now: now() / 1000,
    expiresIn: answer.expiresIn,
    tokenExpiresAt: findings.expiresAt,
    subjectExpiresAt: expected.subject?.expiresAt,
    maxLifetime: expected.target.maxLifetime ?? defaultMaxLifetime,
  });
  return {
    token: {
      accessToken: answer.accessToken,
      tokenType: 'Bearer',
      expiresAt,
      scopes,
      issuedTokenType: answer.issuedTokenType ?? expected.requestedTokenType,
      ...(findings.act === undefined ? {} : { grantedAct: findings.act }),
    },
    tokenKey: findings.tokenKey,
    endsAt: findings.expiresAt ?? Math.max(expiresAt, now() / 1000 + Math.min(answer.expiresIn ?? 0, day)),
    cacheUntil,
    refreshAt,
  };
}

/** The longest that an opaque token is believed to live, seconds. */
const day = 86_400;

async function validated(token: string, answers: EngineOptions['answers']): Promise<Grant> {
  try {
    return await answers.validate({ scheme: 'Bearer', token, method: 'POST', url: '' });
  } catch (error) {
    if (isOAuthError(error) && error.code === 'invalid_token') throw refused(`answer_${error.reason}`, error);
    throw error;
  }
}

function readToken(grant: Grant, answer: UpstreamAnswer, expected: Expectation): Findings {
  const { target, upstream, audience, subject } = expected;
  const audiences = new Set([audience, ...(target.companions ?? [])]);
  if (!upstream.answerIssuers.includes(grant.issuer)) throw refused('answer_issuer');
  if (!grant.audience.includes(audience) || !grant.audience.every((name) => audiences.has(name)))
    throw refused('answer_audience');
  if (!isSubject(grant, subject, upstream, answer)) throw refused('answer_user');
  if (actorChain(grant.act).length > expected.maxActorDepth) throw refused('answer_act');
  const tokenKey = subjectKey('token', grant.issuer, grant.tokenId);
  return { tokenKey, scopes: grant.scopes, expiresAt: grant.expiresAt, act: grant.act };
}

/** The same key, at the same issuer or at two of the upstream that know users by the same key (Entra v1.0 and v2.0). */
function isSubject(
  grant: Grant,
  subject: Grant | undefined,
  { answerIssuers, knowsUsersByItself = false }: Upstream,
  { userKey }: UpstreamAnswer,
): boolean {
  const [theirs, ours] = [grant.user, subject?.user];
  if (theirs === undefined || ours === undefined) return theirs === ours;
  // Which user of its own it is, only the upstream can have learnt.
  if (knowsUsersByItself) return userKey === undefined || userKey === theirs.key;
  const issuersAgree =
    theirs.issuer === ours.issuer ||
    (answerIssuers.includes(theirs.issuer) && answerIssuers.includes(ours.issuer));
  return theirs.key === ours.key && issuersAgree;
}

/**
 * An opaque token is never parsed, and named as resource servers name it that ask the issuer about it; a response
 * without `scope` grants what was asked for (RFC 6749 §5.1).
 */
function readResponse(answer: UpstreamAnswer, { upstream, scopePrefix, scopes }: Expectation): Findings {
  const tokenKey = subjectKey('token', upstream.issuer, tokenHash(answer.accessToken));
  if (answer.scope === undefined) return { tokenKey, scopes };
  const [claim = 'scope'] = upstream.profile.token.scopeClaims;
  return { tokenKey, scopes: parseScopes({ [claim]: answer.scope }, upstream.profile, [scopePrefix]) };
}

function refused(reason: string, cause?: unknown): OAuthError {
  return new OAuthError(
    'bad_gateway',
    'The identity provider answered with a token that is not acceptable.',
    {
      reason,
      cause,
    },
  );
}

import {
  type Actor,
  actorChain,
  formatUserKey,
  type Grant,
  type TokenOrigin,
  tokenHash,
} from '@mcp-obo/grant';
import { OAuthError } from '@mcp-obo/oauth-error';
import type { JWTPayload } from 'jose';
import type { UpstreamClientCredentials, UpstreamExchange } from '../upstream.ts';

/** Whose tokens these are. */
export interface MintIssuer {
  readonly issuer: string;
  readonly tenant: string;
}

/** Beginning and end of a token, seconds since the epoch, and its id. */
export interface MintFrame {
  readonly iat: number;
  readonly exp: number;
  readonly jti: string;
}

/**
 * The claims of a token on behalf of a user (RFC 9068 §2.2, RFC 8693 §4). Whatever narrows the subject token
 * narrows this one: its allowed tools, who may act, and how and when the user logged in. What it may mean for
 * another API (roles, groups) goes along only where the audience stays the same.
 *
 * @throws OAuthError `invalid_request` for a subject token that is bound to a key: nobody proved that key to us.
 */
export function userClaims(by: MintIssuer, request: UpstreamExchange, frame: MintFrame): JWTPayload {
  const { subject, audience } = request;
  const { user } = subject;
  if (user === undefined || subject.cnf !== undefined) {
    throw new OAuthError('invalid_request', 'The subject token cannot be exchanged for this target.', {
      reason: user === undefined ? 'subject_machine' : 'subject_bound',
    });
  }
  return {
    ...common(by, request, frame),
    sub: tokenHash(formatUserKey(user)),
    sub_id: { format: 'iss_sub', iss: user.issuer, sub: user.key },
    act: nested([actingParty(by, request), ...actorsBefore(request)]),
    origin: originClaim(originOf(subject)),
    ...present({
      auth_time: subject.authTime,
      acr: subject.acr,
      amr: subject.amr.length === 0 ? undefined : subject.amr,
      mcp_allowed_tools: subject.allowedTools,
      may_act: mayAct(subject),
    }),
    ...(subject.audience.includes(audience) ? present({ roles: subject.roles, groups: subject.groups }) : {}),
  };
}

/** The claims of a token for a client alone (RFC 9068 §2.2: `sub` is then the client). */
export function machineClaims(
  by: MintIssuer,
  request: UpstreamClientCredentials,
  frame: MintFrame,
): JWTPayload {
  return { ...common(by, request, frame), sub: request.client };
}

function common(
  { issuer, tenant }: MintIssuer,
  { audience, client, scopes }: Pick<UpstreamExchange, 'audience' | 'client' | 'scopes'>,
  frame: MintFrame,
): JWTPayload {
  return { iss: issuer, aud: audience, client_id: client, scope: scopes.join(' '), tenant, ...frame };
}

/** Who will act: the party of the actor token, else the client that asks (RFC 8693 §2.1). */
function actingParty({ issuer }: MintIssuer, { actor, client }: UpstreamExchange): Actor {
  return actor === undefined ? { sub: client, iss: issuer } : { sub: actor.subject, iss: actor.issuer };
}

/** Who acted before: the actors of the actor token, then those of the subject token (RFC 8693 §4.1). */
function actorsBefore({ actor, subject }: UpstreamExchange): readonly Actor[] {
  return [
    ...named(actorChain(actor?.act), actor?.issuer ?? ''),
    ...named(actorChain(subject.act), subject.issuer),
  ];
}

/** An actor without `iss` is one of the issuer that wrote it; from here on that must be said. */
function named(chain: readonly Actor[], issuer: string): readonly Actor[] {
  return chain.map(({ sub, iss = issuer }) => ({ sub, iss }));
}

function nested(chain: readonly Actor[]): Actor | undefined {
  return chain.reduceRight<Actor | undefined>(
    (act, { sub, iss }) => ({ sub, ...present({ iss, act }) }),
    undefined,
  );
}

/** The first token of the chain: the subject token itself, unless that was minted. */
function originOf(subject: Grant): TokenOrigin {
  return subject.origin ?? subject;
}

function originClaim({ issuer, client, tokenId, issuedAt, session }: TokenOrigin) {
  return { iss: issuer, client_id: client, jti: tokenId, iat: issuedAt, ...present({ sid: session }) };
}

/** Who alone may act for the subject stays so, with its issuer said. It was compared before this. */
function mayAct({ claims, issuer }: Grant): object | undefined {
  return Object.hasOwn(claims, 'may_act') ? { iss: issuer, ...(claims.may_act as object) } : undefined;
}

function present<T extends object>(members: T): { [Name in keyof T]?: Exclude<T[Name], undefined> } {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as never;
}

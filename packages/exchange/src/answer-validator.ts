import { OAuthError } from '@mcp-obo/oauth-error';
import {
  createValidator,
  type IssuerConfig,
  type Validator,
  type ValidatorOptions,
} from '@mcp-obo/validator';
import { atIssuer, type Target } from './target.ts';
import type { Fetch } from './upstream/answer-fetch.ts';
import { upstreamsFor } from './upstream/serving.ts';
import type { Upstream } from './upstream/upstream.ts';

export interface AnswerValidatorOptions
  extends Pick<ValidatorOptions, 'fetch' | 'now' | 'log' | 'clockTolerance' | 'cache'> {
  readonly upstreams: readonly Upstream[];
  readonly targets: Readonly<Record<string, Target>>;
}

/** The part of a validator that the engine uses, and its end. */
export type AnswerValidator = Pick<Validator, 'validate' | 'close'>;

/** A life beyond the target's bound is capped and not refused, so the validator does not look at it. */
const anyLifetime = 10 * 365 * 86_400;

/**
 * The validator of tokens that come back: every issuer of the upstreams, with the audiences its targets
 * have there. It keeps no verified tokens unless told, for the engine's cache does. Which of the audiences a token must
 * have, and which issuers the upstream that was asked may answer with, is checked by the engine.
 */
export function createAnswerValidator(options: AnswerValidatorOptions): AnswerValidator {
  const { upstreams, targets, ...rest } = options;
  const issuers = merged(
    upstreams.flatMap((upstream) => answerIssuers(upstream, targetsOf(upstream, upstreams, targets))),
  );
  if (issuers.length === 0) return nothingToValidate;
  return createValidator({
    cache: false,
    ...rest,
    ...(rest.fetch === undefined ? {} : { fetch: fetchWithOwnKeys(rest.fetch, upstreams) }),
    issuers,
  });
}

/**
 * A fetch that answers for the keys of this process itself: who validates what this process signed needs no network
 * for it.
 */
export function fetchWithOwnKeys(fetch: Fetch, upstreams: readonly Upstream[]): Fetch {
  const own = new Map(upstreams.map(({ jwksUri, ownKeys }) => [jwksUri, ownKeys]));
  return async (url, init) => {
    const keys = own.get(url);
    return keys === undefined ? fetch(url, init) : Response.json(keys());
  };
}

function targetsOf(
  upstream: Upstream,
  all: readonly Upstream[],
  targets: AnswerValidatorOptions['targets'],
): readonly Target[] {
  return Object.values(targets).filter(({ name }) => upstreamsFor(all, name).includes(upstream));
}

/** All targets are opaque: no token is of an issuer whose tokens can be read. */
const nothingToValidate: AnswerValidator = {
  validate: () =>
    Promise.reject(
      new OAuthError('invalid_token', 'No target has tokens that can be read.', { reason: 'issuer' }),
    ),
  close: () => undefined,
};

/** An issuer of several upstreams is one, whose tokens may be for any of their targets. Its own upstream says where its keys are. */
function merged(configs: readonly AnswerIssuer[]): readonly IssuerConfig[] {
  const byIssuer = new Map<string, IssuerConfig>();
  for (const { own, ...config } of configs.toSorted((a, b) => Number(b.own) - Number(a.own))) {
    const known = byIssuer.get(config.issuer);
    byIssuer.set(config.issuer, known === undefined ? config : { ...known, ...union(known, config) });
  }
  return [...byIssuer.values()];
}

function union(
  a: IssuerConfig,
  b: IssuerConfig,
): Pick<IssuerConfig, 'audiences' | 'companions' | 'scopePrefixes'> {
  const both = (name: 'audiences' | 'companions' | 'scopePrefixes') => [
    ...new Set([...(a[name] ?? []), ...(b[name] ?? [])]),
  ];
  return {
    audiences: both('audiences'),
    companions: both('companions'),
    scopePrefixes: both('scopePrefixes'),
  };
}

interface AnswerIssuer extends IssuerConfig {
  /** Whether it is the issuer of the upstream itself. */
  readonly own: boolean;
}

function answerIssuers(upstream: Upstream, targets: readonly Target[]): readonly AnswerIssuer[] {
  const { issuer, tenant, profile, jwksUri, serves } = upstream;
  const reachable = targets.filter(
    (target) => target.kind === 'jwt' && atIssuer(target.audience, issuer) !== undefined,
  );
  if (reachable.length === 0) return [];
  const audiences = reachable.map((target) => atIssuer(target.answerAudience ?? target.audience, issuer));
  const scopePrefixes = reachable.map(
    (target) => atIssuer(target.scopePrefix, issuer) ?? `${atIssuer(target.audience, issuer)}/`,
  );
  return upstream.answerIssuers.map((name) => ({
    own: name === issuer,
    issuer: name,
    tenant,
    profile,
    audiences: [...new Set(audiences.filter((audience) => audience !== undefined))],
    companions: reachable.flatMap((target) => target.companions ?? []),
    scopePrefixes: [...new Set(scopePrefixes)],
    maxLifetime: anyLifetime,
    ...(serves === undefined || profile.token.userIssuer === undefined
      ? {}
      : { vouchesFor: serves.subjectIssuers }),
    ...(jwksUri === undefined ? {} : { jwksUri }),
  }));
}

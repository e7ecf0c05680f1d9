import {
  createLocalJWKSet,
  createRemoteJWKSet,
  customFetch,
  type FetchImplementation,
  type JSONWebKeySet,
  type JWTPayload,
  type JWTVerifyGetKey,
  jwtVerify,
} from 'jose';
import { assertionAlgorithms } from './assertion-algorithms.ts';
import { refused } from './credential.ts';

/** What a token of a workload must say to be a client's credential. */
export interface WorkloadTokenRules {
  /** `iss`; undefined where the format has none (JWT-SVID). */
  readonly issuer?: string | undefined;
  /** `sub`: the workload. */
  readonly subject: string;
  /** Public keys of who signs it, or where they are. */
  readonly keys: JSONWebKeySet | URL;
  /** Longest accepted time until `exp`, seconds. */
  readonly maxLifetime: number;
  /** Further claims that must agree; a word for the log when they do not. */
  readonly check?: (payload: JWTPayload) => string | undefined;
}

export interface WorkloadTokenOptions {
  /** Accepted `aud`: the issuer of the broker, or one of its token endpoints. */
  readonly audiences: readonly string[];
  /** Reaches the keys that are fetched. */
  readonly fetch: (url: string, init?: RequestInit) => Promise<Response>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

const clockTolerance = 30;

/**
 * Verifies the tokens that a platform gives its workloads (RFC 7523 §3): signed by the platform, for this broker
 * alone, short-lived, and of the one workload. Such a token is used again within its life, as the platform hands
 * out the same one until it rotates it. Rejects with `invalid_client`.
 */
export function createWorkloadTokenVerifier({ audiences, fetch, now }: WorkloadTokenOptions) {
  return (rules: WorkloadTokenRules): ((token: string) => Promise<void>) => {
    const keys = keysOf(rules.keys, fetch);
    return async (token) => {
      const payload = await verify(token, keys, rules, new Date(now()));
      const { aud, exp } = payload;
      const [audience, ...others] = [aud].flat();
      if (others.length > 0 || !audiences.includes(audience ?? '')) refused('assertion_audience');
      if (typeof exp !== 'number' || !Number.isFinite(exp)) refused('assertion_exp');
      if (exp > now() / 1000 + rules.maxLifetime + clockTolerance) refused('assertion_lifetime');
      const problem = rules.check?.(payload);
      if (problem !== undefined) refused(problem);
    };
  };
}

function keysOf(keys: JSONWebKeySet | URL, fetch: WorkloadTokenOptions['fetch']): JWTVerifyGetKey {
  return keys instanceof URL
    ? createRemoteJWKSet(keys, { [customFetch]: fetch as FetchImplementation })
    : createLocalJWKSet(keys);
}

async function verify(
  token: string,
  keys: JWTVerifyGetKey,
  { issuer, subject }: WorkloadTokenRules,
  currentDate: Date,
): Promise<JWTPayload> {
  try {
    const { payload } = await jwtVerify(token, keys, {
      algorithms: [...assertionAlgorithms],
      subject,
      ...(issuer === undefined ? {} : { issuer }),
      requiredClaims: ['exp', 'aud', 'sub'],
      clockTolerance,
      currentDate,
    });
    return payload;
  } catch (cause) {
    return refused('assertion', cause);
  }
}

/** The account of a projected service account token, as its claims name it besides `sub` (Kubernetes, bound tokens). */
export function serviceAccountClaims(namespace: string, serviceAccount: string) {
  return (payload: JWTPayload): string | undefined => {
    const bound = payload['kubernetes.io'] as
      | { namespace?: unknown; serviceaccount?: { name?: unknown } }
      | undefined;
    return bound?.namespace === namespace && bound.serviceaccount?.name === serviceAccount
      ? undefined
      : 'assertion_service_account';
  };
}

/** The keys of a SPIFFE bundle that sign JWT-SVIDs, as ordinary signing keys (SPIFFE Trust Domain and Bundle §4.2.1). */
export function jwtSvidKeys({ keys }: JSONWebKeySet): JSONWebKeySet {
  return {
    keys: keys
      .filter(({ use }) => use === 'jwt-svid')
      .map(({ use: _use, ...key }) => key as JSONWebKeySet['keys'][number]),
  };
}

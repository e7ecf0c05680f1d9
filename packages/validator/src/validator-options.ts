import type { RevocationView } from '@mcp-obo/revocation';
import type { IssuerConfig } from './issuer-config.ts';
import type { Fetch } from './key-fetch.ts';
import type { ValidatorEvent, ValidatorLog } from './validator-event.ts';

/** How access tokens are validated. Everything but the issuers has a default. */
export interface ValidatorOptions {
  readonly issuers: readonly IssuerConfig[];
  /** Seconds by which clocks may differ. Default 30. */
  readonly clockTolerance?: number;
  /** Longest token that is looked at. Default 8192. */
  readonly maxTokenBytes?: number;
  /** Times of the keys, in seconds: `ttl` 300, `cooldown` 30, `maxStale` 86,400, `timeout` 5. */
  readonly jwks?: {
    readonly ttl?: number;
    readonly cooldown?: number;
    readonly maxStale?: number;
    readonly timeout?: number;
  };
  /** Bound of the cache of verified tokens, 10,000 by default; `false` switches it off. */
  readonly cache?: { readonly maxEntries: number } | false;
  /** What is revoked, asked for every token. While it may miss something no verified token is kept. Default: nothing is. */
  readonly revocations?: RevocationView;
  /** Milliseconds since the epoch. Default: the system clock. */
  readonly now?: () => number;
  /** Default: https to public addresses only, see `createGuardedFetch`. */
  readonly fetch?: Fetch;
  /** A pino logger, or anything of its shape. */
  readonly log?: ValidatorLog;
  /** Called for each decision and key fetch; must not throw. */
  readonly onEvent?: (event: ValidatorEvent) => void;
}

/** @throws TypeError that names every option that is no usable number. */
export function assertNumbers({ clockTolerance, maxTokenBytes, jwks = {}, cache }: ValidatorOptions): void {
  const { ttl, cooldown, maxStale, timeout } = jwks;
  const maxEntries = cache === false ? undefined : cache?.maxEntries;
  const positive = {
    maxTokenBytes,
    'jwks.ttl': ttl,
    'jwks.timeout': timeout,
    'cache.maxEntries': maxEntries,
  };
  const natural = { clockTolerance, 'jwks.cooldown': cooldown, 'jwks.maxStale': maxStale };
  const wrong = [
    ...problems(positive, (value) => value > 0, 'a positive number'),
    ...problems(natural, (value) => value >= 0, 'a number from 0 on'),
  ];
  if (wrong.length > 0) throw new TypeError(`Wrong validator options: ${wrong.join('; ')}.`);
}

function problems(
  options: Readonly<Record<string, number | undefined>>,
  isRight: (value: number) => boolean,
  rule: string,
): string[] {
  return Object.entries(options).flatMap(([name, value]) =>
    value === undefined || (Number.isFinite(value) && isRight(value)) ? [] : [`${name} must be ${rule}`],
  );
}

/** How much harm a tool can do, from least to most. */
export type TierName = 'read-only' | 'read-write' | 'financial' | 'personal-data' | 'admin';

/** What a tier demands beyond scopes. Times are seconds. */
export interface Tier {
  /** Longest age of the token by `iat`; older: 401 `invalid_token`, a refresh mends it. */
  readonly maxTokenAge: number;
  /** Longest age of the login by `auth_time` (RFC 9470); undefined: any. */
  readonly maxLoginAge?: number;
  /** Accepted `acr` values; undefined: any. */
  readonly acrValues?: readonly string[];
  /** Authentication methods (RFC 8176) of which the login used at least one; undefined: any. */
  readonly amrValues?: readonly string[];
  /** Whether a login that the user makes by a link of this server counts beside that of the token. */
  readonly loginByLink: boolean;
  /** Whether the user is asked: never, once a session, or for each call. */
  readonly approval: 'never' | 'session' | 'call';
}

export type Tiers = Readonly<Record<TierName, Tier>>;

/** What a deployment changes about the tiers. */
export type TierOverrides = Readonly<Partial<Record<TierName, Partial<Tier>>>>;

/** The tiers as they are when nothing is configured. */
export const defaultTiers: Tiers = {
  'read-only': { maxTokenAge: 30 * 60, loginByLink: true, approval: 'never' },
  'read-write': { maxTokenAge: 15 * 60, loginByLink: true, approval: 'never' },
  financial: { maxTokenAge: 10 * 60, loginByLink: true, approval: 'never' },
  'personal-data': { maxTokenAge: 10 * 60, loginByLink: true, approval: 'never' },
  admin: { maxTokenAge: 5 * 60, loginByLink: false, approval: 'call' },
};

/** Approvals from the weakest to the strongest. */
export const approvals: readonly Tier['approval'][] = ['never', 'session', 'call'];

export function isTierName(value: unknown): value is TierName {
  return typeof value === 'string' && Object.hasOwn(defaultTiers, value);
}

/**
 * The default tiers with a deployment's changes.
 *
 * @throws RangeError that names every setting that is wrong.
 */
export function createTiers(overrides: TierOverrides = {}): Tiers {
  const problems = Object.entries(overrides).flatMap(([name, tier]) =>
    isTierName(name)
      ? tierProblems(tier).map((problem) => `tiers.${name}.${problem}`)
      : [`tiers.${name} is no tier; use one of ${Object.keys(defaultTiers).join(', ')}`],
  );
  if (problems.length > 0) throw new RangeError(`${problems.join('. ')}.`);
  const merged = Object.entries(defaultTiers).map(([name, tier]) => [
    name,
    Object.freeze({ ...tier, ...overrides[name as TierName] }),
  ]);
  return Object.freeze(Object.fromEntries(merged) as Record<TierName, Tier>);
}

/** The shortest of the times that several demands set; undefined when none sets it. */
export function strictest(
  demands: readonly Partial<Tier>[],
  name: 'maxTokenAge' | 'maxLoginAge',
): number | undefined {
  const times = demands.flatMap((demand) => demand[name] ?? []);
  return times.length === 0 ? undefined : Math.min(...times);
}

function tierProblems(tier: Partial<Tier>): string[] {
  return Object.entries(tier).flatMap(([name, value]: [string, unknown]) => {
    const column = Object.hasOwn(columns, name) ? columns[name as keyof Tier] : undefined;
    if (column === undefined) return [`${name} is not known`];
    return column.accepts(value) ? [] : [`${name} must be ${column.must}`];
  });
}

const seconds = {
  must: 'a positive number of seconds',
  accepts: (value: unknown) => typeof value === 'number' && Number.isFinite(value) && value > 0,
};
const values = {
  must: 'a list of at least one word',
  accepts: (value: unknown) =>
    Array.isArray(value) &&
    value.length > 0 &&
    value.every((word) => typeof word === 'string' && word !== ''),
};
const columns: Readonly<Record<keyof Tier, { must: string; accepts: (value: unknown) => boolean }>> = {
  maxTokenAge: seconds,
  maxLoginAge: seconds,
  acrValues: values,
  amrValues: values,
  loginByLink: { must: 'true or false', accepts: (value: unknown) => typeof value === 'boolean' },
  approval: {
    must: `one of ${approvals.join(', ')}`,
    accepts: (value: unknown) => approvals.some((approval) => approval === value),
  },
};

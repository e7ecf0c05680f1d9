/** Claims of a token about to be signed. */
type Payload = Record<string, unknown>;

/** What a fault needs to know of the tenant. */
export interface FaultContext {
  readonly allScopes: readonly string[];
  readonly otherSubject: string;
}

/**
 * Wrong answers to a token exchange, to prove that the platform refuses them. The HTTP answer looks as it
 * should; only the token, or with `unavailable` the status, is wrong.
 */
export const faultTable = {
  scope: (claims, { allScopes }) => ({ ...claims, scope: allScopes.join(' ') }),
  audience: (claims) => ({ ...claims, aud: 'https://another-api.example' }),
  user: (claims, { otherSubject }) => ({ ...claims, sub: otherSubject }),
  issuer: (claims) => ({ ...claims, iss: `${claims.iss}-other` }),
  expired: (claims) => ({ ...claims, iat: Number(claims.iat) - 7200, exp: Number(claims.iat) - 3600 }),
  lifetime: (claims) => ({ ...claims, exp: Number(claims.iat) + 365 * 86_400 }),
  actor: ({ act: _act, ...claims }) => claims,
  unavailable: (claims) => claims,
} as const satisfies Record<string, (claims: Payload, context: FaultContext) => Payload>;

export type FaultName = keyof typeof faultTable;

/** The faults that are switched on for one tenant, each for a number of exchanges. */
export interface Faults {
  set(name: FaultName, times: number): void;
  clear(): void;
  /** Uses one turn of a fault up; false when it is not on. */
  take(name: FaultName): boolean;
  /** Applies all faults that are on to the claims of an exchanged token. */
  distort(claims: Payload, context: FaultContext): Payload;
}

export function createFaults(): Faults {
  const turns = new Map<FaultName, number>();
  const take = (name: FaultName): boolean => {
    const left = turns.get(name) ?? 0;
    if (left <= 1) turns.delete(name);
    else turns.set(name, left - 1);
    return left > 0;
  };
  return {
    set: (name, times) => void turns.set(name, times),
    clear: () => turns.clear(),
    take,
    distort: (claims, context) =>
      [...turns.keys()].reduce(
        (current: Payload, name) => (take(name) ? faultTable[name](current, context) : current),
        claims,
      ),
  };
}

/** The fault of that name, if there is one. */
export function faultName(value: string | null): FaultName | undefined {
  return value !== null && Object.hasOwn(faultTable, value) ? (value as FaultName) : undefined;
}

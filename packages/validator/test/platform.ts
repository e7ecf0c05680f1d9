import type { Credential } from '@mcp-obo/grant';
import { createTestIssuer, type TestIssuer, type TestIssuerOptions } from '@mcp-obo/testbed/issuer';
import {
  createValidator,
  type IssuerConfig,
  type ValidatorEvent,
  type ValidatorOptions,
} from '../src/index.ts';

/** Saturday, 21 November 2026, 12:00:00 UTC, in seconds. */
export const noon = 1_795_262_400;

/** A clock that stands still until it is moved. */
export interface TestClock {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly advance: (seconds: number) => void;
}

export function createClock(): TestClock {
  let time = noon * 1000;
  return {
    now: () => time,
    advance: (seconds) => {
      time += seconds * 1000;
    },
  };
}

/** The resource that is protected in every test. */
export const resource = 'https://mcp.example/mcp';

/** A validator with one issuer whose clock stands still, and what it reported. */
export interface Setup {
  readonly idp: TestIssuer;
  readonly clock: TestClock;
  readonly events: ValidatorEvent[];
  /** The subject of the grant, or the reason it was refused with its status in front: `401 expired`. */
  readonly outcome: (token: string) => Promise<string>;
  readonly validator: ReturnType<typeof createValidator>;
  /** How often the keys were fetched. */
  readonly fetches: () => number;
}

/** Sets up a validator for one issuer of the given profile. */
export function setUp(
  config: Partial<IssuerConfig> = {},
  options: Partial<ValidatorOptions> = {},
  idpOptions: Partial<TestIssuerOptions> = {},
): Setup {
  const clock = createClock();
  const idp = createTestIssuer({
    issuer: 'https://idp.example',
    alg: 'ES256',
    now: clock.now,
    ...idpOptions,
  });
  const events: ValidatorEvent[] = [];
  const validator = createValidator({
    issuers: [issuerConfig(idp, config)],
    now: clock.now,
    fetch: idp.fetch,
    onEvent: (event) => events.push(event),
    ...options,
  });
  return {
    idp,
    clock,
    events,
    validator,
    outcome: (token) => outcomeOf(validator, token),
    fetches: () => idp.requests.get(new URL(jwksUriOf(idp)).pathname) ?? 0,
  };
}

export function issuerConfig(idp: TestIssuer, config: Partial<IssuerConfig> = {}): IssuerConfig {
  return {
    issuer: idp.issuer,
    tenant: 'acme',
    profile: 'generic',
    audiences: [resource],
    jwksUri: jwksUriOf(idp),
    ...config,
  };
}

/** Where a test issuer publishes its keys. */
function jwksUriOf({ issuer }: TestIssuer): string {
  return `${issuer.replace(/\/$/, '')}/jwks`;
}

export function bearer(token: string): Credential {
  return { scheme: 'Bearer', token, method: 'POST', url: resource };
}

export async function outcomeOf(
  validator: ReturnType<typeof createValidator>,
  token: string,
): Promise<string> {
  try {
    return (await validator.validate(bearer(token))).subject;
  } catch (error) {
    const { status, reason } = error as { status?: number; reason?: string };
    return `${status} ${reason}`;
  }
}

import type { Urls } from './addresses.ts';
import type { IdpKind } from './idp/identity-provider.ts';
import type { Secrets } from './secrets.ts';

/**
 * Hops that can be broken on purpose, to see that the platform notices. Those with a fault make the identity
 * provider give wrong tokens for every exchange; the others are wrong settings of one part.
 */
export const breaks = {
  audience: { hop: 'exchange', says: 'the exchanged token is for another API', fault: 'audience' },
  scope: { hop: 'exchange', says: 'the exchanged token has more scopes than were allowed', fault: 'scope' },
  user: { hop: 'exchange', says: 'the exchanged token speaks for another user', fault: 'user' },
  issuer: { hop: 'exchange', says: 'the exchanged token names another issuer', fault: 'issuer' },
  expired: { hop: 'exchange', says: 'the exchanged token has expired', fault: 'expired' },
  idp: { hop: 'exchange', says: 'the identity provider does not answer exchanges', fault: 'unavailable' },
  broker: { hop: 'exchange', says: 'the MCP server has the address of no broker' },
  downstream: { hop: 'downstream', says: 'the downstream API expects tokens for another audience' },
} as const satisfies Record<string, { hop: string; says: string; fault?: string }>;

export type BreakName = keyof typeof breaks;

/** The break of that name, if there is one. */
export function breakName(value: string): BreakName | undefined {
  return Object.hasOwn(breaks, value) ? (value as BreakName) : undefined;
}

/** Throws when this identity provider cannot be made to break that hop. */
export function refuseBreak(name: BreakName, kind: IdpKind): void {
  if (kind === 'embedded' || !('fault' in breaks[name])) return;
  throw new Error(`The break ${name} is a fault of the embedded identity provider; ${kind} has none.`);
}

/** Settings that a break changes, by part. */
export function distort(name: BreakName | undefined, part: string, config: object): object {
  const change = name === undefined ? undefined : distortions[`${name} ${part}`];
  return change === undefined ? config : change(config as Settings);
}

/** Switches the fault of a break on, in every tenant, for more exchanges than any run makes. */
export async function switchFaultOn(name: BreakName, urls: Urls, secrets: Secrets): Promise<void> {
  const { fault } = { fault: undefined, ...breaks[name] };
  if (fault === undefined) return;
  for (const tenant of Object.keys(urls.issuers)) {
    const query = new URLSearchParams({ tenant, fault, times: '1000000' });
    const response = await fetch(`${urls.idp}/dev/faults?${query}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${secrets.adminToken}` },
    });
    if (!response.ok) throw new Error(`the fault ${fault} cannot be switched on (status ${response.status})`);
    await response.body?.cancel();
  }
}

interface Settings {
  readonly exchange: object;
  readonly issuers: readonly object[];
}

const distortions: Readonly<Record<string, (config: Settings) => object>> = {
  // The last port is above the range that systems hand out, and one that fetch does not block.
  'broker mcp-server': (config) => ({
    ...config,
    exchange: { ...config.exchange, token_endpoint: 'http://127.0.0.1:65535/token' },
  }),
  'downstream downstream-api': (config) => ({
    ...config,
    issuers: config.issuers.map((issuer) => ({ ...issuer, audiences: ['api://another'] })),
  }),
};

import { hash } from 'node:crypto';
import type { Grant } from '@mcp-obo/grant';
import type { SdkExtra } from '../call.ts';
import type { Asked } from '../input-required.ts';
import { McpError, urlElicitationRequired } from '../mcp-error.ts';
import type { UrlElicitation } from './client-capability.ts';
import { type InteractionRecord, type InteractionRecords, newInteraction } from './interaction-records.ts';
import type { Purpose } from './purpose.ts';
import type { RandomBytes } from './sealed-record.ts';

/** A link that was made for one user. */
export interface Offer {
  readonly id: string;
  readonly url: string;
}

/** What the one who asks for an authorization request must bring. */
export interface BrowserSecrets {
  readonly redirectUri: string;
  readonly state: string;
  readonly nonce: string;
  readonly codeChallenge: string;
  readonly signal?: AbortSignal;
}

export interface OffersOptions {
  /** Where the pages are. */
  readonly url: string;
  readonly records: InteractionRecords;
  /** Milliseconds a link can be used. */
  readonly lifetimeMs: number;
  readonly now: () => number;
  readonly random: RandomBytes;
  readonly observe: (record: InteractionRecord, step: 'offered', reason: string) => void;
}

/** Makes the link by which one user is asked one thing. `begin` has the authorization request written. */
export type MakeOffer = (
  grant: Grant,
  extra: SdkExtra,
  what: { readonly purpose: Purpose; readonly reason: string },
  begin: (secrets: BrowserSecrets) => Promise<{ readonly authorizationUrl: string }>,
) => Promise<Offer>;

export function createOffers({ url, records, lifetimeMs, now, random, observe }: OffersOptions): MakeOffer {
  return async (grant, extra, { purpose, reason }, begin) => {
    const { user, tenant, client } = grant;
    if (user === undefined) throw new TypeError('A machine cannot be asked.');
    const secrets = newInteraction(random);
    const { state, nonce, codeVerifier } = secrets;
    const signal = signalOf(extra);
    const { authorizationUrl } = await begin({
      redirectUri: `${url}/callback`,
      state,
      nonce,
      codeChallenge: hash('sha256', codeVerifier, 'base64url'),
      ...(signal !== undefined && { signal }),
    });
    const who = { tenant, user, userName: userNameOf(grant), client };
    const record = { ...secrets, ...who, purpose, authorizationUrl, expiresAt: now() + lifetimeMs };
    const { link } = await records.offer(record);
    observe(record, 'offered', reason);
    return { id: record.id, url: `${url}?link=${link}` };
  };
}

/** The name of our one input request. */
export const inputKey = 'interaction';

/** How a client that can open URLs is asked; those of 2025-11-25 by an error. */
export function presentOffer(
  how: Exclude<UrlElicitation, 'none'>,
  { id, url }: Offer,
  message: string,
): Asked {
  if (how === 'error')
    return new McpError(urlElicitationRequired, message, {
      elicitations: [{ mode: 'url', elicitationId: id, url, message }],
    });
  const params = { mode: 'url', url, message } as const;
  const inputRequests = { [inputKey]: { method: 'elicitation/create', params } } as const;
  return { resultType: 'input_required', inputRequests, requestState: id };
}

export function signalOf({ mcpReq, signal }: SdkExtra): AbortSignal | undefined {
  return mcpReq?.signal ?? signal;
}

/** Claims of access tokens by which people know themselves. */
const nameClaims = ['preferred_username', 'upn', 'email', 'name'];

function userNameOf({ claims, subject }: Grant): string {
  const name = nameClaims.map((claim) => claims[claim]).find((value) => typeof value === 'string');
  return typeof name === 'string' ? name : subject;
}

import { z } from 'zod';
import type { BrokerDeps } from '../deps.ts';
import type { DeliveryError } from './delivery-error.ts';

/** What has become of tokens that were fetched before. */
export interface Acknowledgement {
  /** `jti` of those that were acted on. */
  readonly ack: readonly string[];
  /** Those that will never be taken, by `jti`. */
  readonly setErrs: Readonly<Record<string, DeliveryError>>;
}

/** What a transmitter has for us. */
export interface PolledEvents {
  /** Tokens by `jti`. */
  readonly sets: ReadonlyMap<string, string>;
  readonly moreAvailable: boolean;
}

export interface PollRequestOptions extends Pick<BrokerDeps, 'fetch'> {
  readonly endpoint: string;
  /** The bearer token; `renewed`: the one before was refused. */
  readonly token: (renewed: boolean) => Promise<string>;
}

/** One request to a transmitter. Rejects when it did not answer as it should; what it was told then has to be told again. */
export type PollRequest = (told: Acknowledgement, signal: AbortSignal) => Promise<PolledEvents>;

/** Tokens of one answer. So many, of the size that is taken, are no more than a guarded fetch reads. */
const maxEvents = 25;

const answer = z.object({
  sets: z.record(z.string(), z.string()).default({}),
  moreAvailable: z.boolean().default(false),
});

/** Asks for events and tells what has become of others (RFC 8936 §2.4), without waiting for any to come. */
export function createPollRequest({ endpoint, token, fetch }: PollRequestOptions): PollRequest {
  async function send(told: Acknowledgement, renewed: boolean, signal: AbortSignal): Promise<Response> {
    const authorization = `Bearer ${await token(renewed)}`;
    return fetch(endpoint, {
      method: 'POST',
      headers: { authorization, accept: 'application/json', 'content-type': 'application/json' },
      body: JSON.stringify({ maxEvents, returnImmediately: true, ...told }),
      signal,
    });
  }

  return async (told, signal) => {
    const first = await send(told, false, signal);
    const response = first.status === 401 ? await send(told, true, signal) : first;
    if (response.status !== 200) throw new Error(`The transmitter answered with status ${response.status}.`);
    const { success, data } = answer.safeParse(await response.json().catch(() => undefined));
    if (!success) throw new Error('The answer of the transmitter is none of RFC 8936.');
    return { sets: new Map(Object.entries(data.sets)), moreAvailable: data.moreAvailable };
  };
}

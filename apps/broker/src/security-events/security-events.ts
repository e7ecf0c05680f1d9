import { type Cache, systemScheduler } from '@mcp-obo/exchange';
import {
  createSecurityEventValidator,
  type SecurityEventIssuer,
  type SecurityEventToken,
} from '@mcp-obo/validator';
import type { BrokerConfig, IssuerConfig } from '../config.ts';
import type { BrokerDeps } from '../deps.ts';
import { createRevocationObserver } from '../revocation/revocation-observer.ts';
import type { Revoker } from '../revocation/revoker.ts';
import { createHandledEvents } from './handled-events.ts';
import { createPollRequest } from './poll-request.ts';
import { createPollToken } from './poll-token.ts';
import { createPoller, type Poller } from './poller.ts';
import { createPushEndpoint } from './push-endpoint.ts';
import { createReceiver } from './receiver.ts';
import type { SecurityEventsConfig } from './section.ts';
import { createSecurityEventObserver } from './security-event-observer.ts';

export interface SecurityEventsParts {
  /** Shared by all replicas, where there are more. */
  readonly cache: Pick<Cache, 'get' | 'add' | 'claim'>;
  readonly revoke: Revoker['revoke'];
}

/** All that takes security events, for one configuration. */
export interface SecurityEvents {
  /** `POST /security-events` (RFC 8935). */
  readonly push: ReturnType<typeof createPushEndpoint>;
  /** Begins to fetch events (RFC 8936). */
  readonly start: () => void;
  /** Fetches no more; resolves when nothing is under way. */
  readonly stop: () => Promise<void>;
  readonly close: () => Promise<void>;
}

/** An issuer that sends events. */
interface Source {
  readonly issuer: IssuerConfig;
  readonly events: SecurityEventsConfig;
  /** Exact `iss` of its events. */
  readonly transmitter: string;
}

export function createSecurityEvents(
  config: BrokerConfig,
  deps: BrokerDeps,
  { cache, revoke }: SecurityEventsParts,
): SecurityEvents {
  const { fetch, now, log, metrics, audit } = deps;
  const sources = config.issuers.flatMap((issuer): Source[] => {
    const events = issuer.security_events;
    return events === undefined ? [] : [{ issuer, events, transmitter: events.transmitter ?? issuer.issuer }];
  });
  const validator =
    sources.length === 0
      ? undefined
      : createSecurityEventValidator({ issuers: sources.map(validated), fetch, now, log });
  const observer = createSecurityEventObserver({ metrics, revocations: createRevocationObserver(deps) });
  const receive = createReceiver({
    validate: (token) => validator?.validate(token) ?? nobody(),
    handled: createHandledEvents(cache),
    revoke,
    observer,
    recorded: audit.written,
  });

  const pollers = sources.flatMap(({ issuer, events: { poll }, transmitter }): Poller[] => {
    if (poll === undefined) return [];
    const token = createPollToken(poll, { issuer, config, deps });
    return [
      createPoller({
        transmitter,
        request: createPollRequest({ endpoint: poll.endpoint, token, fetch }),
        receive,
        cache,
        intervalMs: poll.interval_seconds * 1000,
        jitter: Math.random,
        schedule: systemScheduler,
        now,
        log,
        onPoll: (outcome) => metrics.securityEventPoll({ issuer: issuer.issuer, outcome }),
      }),
    ];
  });
  const stop = async () => {
    await Promise.all(pollers.map((poller) => poller.stop()));
  };

  return {
    push: createPushEndpoint({ transmitters: sources.flatMap(pushing), receive, observer }),
    start() {
      for (const poller of pollers) poller.start();
    },
    stop,
    async close() {
      await stop();
      validator?.close();
    },
  };
}

/** A source as the validator knows it: by the keys and under the rules of its issuer, where it has none of its own. */
function validated({ issuer: entry, events, transmitter }: Source): SecurityEventIssuer {
  const jwksUri = events.jwks_uri ?? entry.jwks_uri;
  return {
    issuer: entry.issuer,
    transmitter,
    tenant: entry.tenant,
    profile: entry.profile,
    audiences: events.audiences,
    policy: { credentialChanges: events.credential_changes },
    ...(jwksUri === undefined ? {} : { jwksUri }),
    ...(entry.algorithms === undefined ? {} : { algorithms: entry.algorithms }),
  };
}

function pushing({ events: { push }, transmitter }: Source) {
  if (push === undefined) return [];
  return [{ transmitter, ...(push.token === undefined ? {} : { token: push.token }) }];
}

/** Nobody who may deliver has got this far. */
function nobody(): Promise<SecurityEventToken> {
  return Promise.reject(new TypeError('No transmitter is configured.'));
}

import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { UserInteractions } from '@mcp-obo/exchange';
import type { Grant, UserKey } from '@mcp-obo/grant';
import { isOAuthError } from '@mcp-obo/oauth-error';
import type { SdkExtra } from '../call.ts';
import type { InputRequired } from '../input-required.ts';
import { isProtocolError } from '../mcp-error.ts';
import { ToolFailure } from '../tool-result.ts';
import { createClientCapability } from './client-capability.ts';
import { createGuardInteractions, type Wanted } from './guard-interactions.ts';
import { createInteractionPages, type InteractionPages } from './interaction-pages.ts';
import { createInteractionRecords, type InteractionRecord } from './interaction-records.ts';
import type { InteractionStore } from './interaction-store.ts';

/** How users are asked for what only they can give. */
export interface InteractionOptions {
  /** Where the pages are. Default: `/interaction` at the origin of the resource. Its `/callback` is the redirect URI. */
  readonly url?: string;
  /** Seconds a link can be used. Default 600. */
  readonly lifetimeSeconds?: number;
  /** Seconds a call that comes back waits for the user before its client asks again. Default 20. */
  readonly waitSeconds?: number;
}

/** What happened to an interaction. Holds no link, code or state. */
export interface InteractionEvent {
  readonly type: 'interaction';
  readonly step: 'offered' | 'started' | 'completed' | 'refused' | 'not_offered';
  readonly reason: string;
  readonly tenant: string;
  readonly user: UserKey | undefined;
  /** The MCP client the user is asked through. */
  readonly client: string;
  readonly target: string;
  readonly scopes: readonly string[];
}

/** Interactions of one server: what its handlers ask, and what browsers see. */
export interface OpenInteractions {
  readonly url: string;
  readonly pages: InteractionPages;
  /** Notes whether a client that initializes can be asked to open a URL. Never rejects. */
  readonly note: (grant: Grant, elicitsUrl: boolean) => Promise<void>;
  readonly resume: (grant: Grant, extra: SdkExtra) => Promise<InputRequired | undefined>;
  /** As `GuardInteractions.ask`; undefined also when no link could be made, whose cause is told to `observe`. */
  readonly ask: (
    grant: Grant,
    extra: SdkExtra,
    error: unknown,
    wanted: Wanted,
  ) => Promise<InputRequired | undefined>;
}

export interface OpenInteractionsOptions extends InteractionOptions {
  readonly store: InteractionStore;
  readonly resource: string;
  readonly serverName: string | undefined;
  readonly interactions: UserInteractions;
  readonly now: () => number;
  readonly observe: (event: InteractionEvent) => void;
  readonly reportFault: (error: unknown) => void;
}

/** Wires links, pages and handlers. */
export function openInteractions(options: OpenInteractionsOptions): OpenInteractions {
  const { resource, interactions, store, now, reportFault } = options;
  const url = options.url ?? new URL('/interaction', resource).href;
  const records = createInteractionRecords(store, randomBytes);
  const capability = createClientCapability(store, now);
  const observe = (record: InteractionRecord, step: InteractionEvent['step'], reason: string) => {
    const { tenant, user, client, target, scopes } = record;
    options.observe({ type: 'interaction', step, reason, tenant, user, client, target, scopes });
  };
  const asking = createGuardInteractions({
    url,
    records,
    interactions,
    capability,
    lifetimeMs: 1000 * (options.lifetimeSeconds ?? 600),
    waitMs: 1000 * (options.waitSeconds ?? 20),
    now,
    random: randomBytes,
    sleep: (ms) => sleep(ms),
    observe,
  });

  return {
    url,
    pages: createInteractionPages({
      url,
      serverName: options.serverName ?? new URL(resource).host,
      records,
      interactions,
      observe,
      reportFault,
    }),
    note: (grant, elicitsUrl) => capability.note(grant, elicitsUrl).catch(reportFault),
    async resume(grant, extra) {
      try {
        return await asking.resume(grant, extra);
      } catch (failure) {
        if (failure instanceof ToolFailure) throw failure;
        // Without its store nobody knows how the interaction ended; whether the call may run is the issuer's to say.
        reportFault(failure);
        return undefined;
      }
    },
    async ask(grant, extra, error, wanted) {
      if (!isOAuthError(error)) return undefined;
      try {
        return await asking.ask(grant, extra, { error, wanted });
      } catch (failure) {
        if (failure instanceof ToolFailure || isProtocolError(failure)) throw failure;
        reportFault(failure);
        const { tenant, user, client } = grant;
        const { target, scopes } = wanted;
        const reason = isOAuthError(failure) ? failure.reason : 'server_error';
        options.observe({
          type: 'interaction',
          step: 'not_offered',
          reason,
          tenant,
          user,
          client,
          target,
          scopes,
        });
        return undefined;
      }
    },
  };
}

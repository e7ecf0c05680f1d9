import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { UserInteractions } from '@mcp-obo/exchange';
import type { Grant, UserKey } from '@mcp-obo/grant';
import { isOAuthError } from '@mcp-obo/oauth-error';
import type { ApprovalAnswers } from '../approval/approval-answers.ts';
import type { SdkExtra } from '../call.ts';
import type { Asked } from '../input-required.ts';
import { createClientCapability } from './client-capability.ts';
import {
  createGuardInteractions,
  type GuardInteractions,
  type WaitingCall,
  type Wanted,
} from './guard-interactions.ts';
import { createInteractionPages, type InteractionPages } from './interaction-pages.ts';
import { createInteractionRecords, type InteractionRecord } from './interaction-records.ts';
import type { InteractionStore } from './interaction-store.ts';
import { createOffers } from './offers.ts';
import type { ProvenLogins } from './proven-logins.ts';
import type { NamedOperation, Purpose } from './purpose.ts';

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
  /** What the user is asked for. */
  readonly purpose: Purpose['kind'];
  readonly step: 'offered' | 'started' | 'completed' | 'refused' | 'not_offered';
  readonly reason: string;
  readonly tenant: string;
  readonly user: UserKey | undefined;
  /** The MCP client the user is asked through. */
  readonly client: string;
  /** Of a consent: what is to be reached. */
  readonly target?: string;
  readonly scopes?: readonly string[];
  /** Of a login or an approval: what the client wants to use. */
  readonly operation?: NamedOperation;
}

/** Interactions of one server: what its handlers ask, and what browsers see. */
export interface OpenInteractions extends Pick<GuardInteractions, 'resume' | 'askLogin' | 'askApproval'> {
  readonly url: string;
  readonly pages: InteractionPages;
  /** Notes whether a client that initializes can be asked to open a URL. Never rejects. */
  readonly note: (grant: Grant, elicitsUrl: boolean) => Promise<void>;
  /** As `GuardInteractions.askConsent`, for whatever a handler met. */
  readonly askConsent: (
    grant: Grant,
    extra: SdkExtra,
    error: unknown,
    wanted: Wanted,
  ) => Promise<Asked | undefined>;
}

export interface OpenInteractionsOptions extends InteractionOptions {
  readonly store: InteractionStore;
  readonly logins: ProvenLogins;
  readonly answers: ApprovalAnswers;
  readonly resource: string;
  readonly serverName: string | undefined;
  readonly interactions: UserInteractions;
  readonly now: () => number;
  readonly observe: (event: InteractionEvent) => void;
  readonly reportFault: (error: unknown) => void;
}

/** Wires links, pages and handlers. When no link could be made nobody is asked, and `observe` is told why. */
export function openInteractions(options: OpenInteractionsOptions): OpenInteractions {
  const { resource, interactions, store, logins, answers, now, reportFault } = options;
  const url = options.url ?? new URL('/interaction', resource).href;
  const records = createInteractionRecords(store, randomBytes, now);
  const capability = createClientCapability(store, now);
  const observe = (record: InteractionRecord, step: InteractionEvent['step'], reason: string) => {
    const { tenant, user, client, purpose } = record;
    options.observe({ type: 'interaction', step, reason, tenant, user, client, ...about(purpose) });
  };
  const asking = createGuardInteractions({
    offer: createOffers({
      url,
      records,
      lifetimeMs: 1000 * (options.lifetimeSeconds ?? 600),
      now,
      random: randomBytes,
      observe,
    }),
    records,
    logins,
    interactions,
    capability,
    waitMs: 1000 * (options.waitSeconds ?? 20),
    now,
    sleep: (ms) => sleep(ms),
  });

  async function offering(
    { tenant, user, client }: Grant,
    what: Pick<InteractionEvent, 'purpose' | 'target' | 'scopes' | 'operation'>,
    ask: () => Promise<Asked | undefined>,
  ): Promise<Asked | undefined> {
    try {
      return await ask();
    } catch (failure) {
      reportFault(failure);
      const reason = isOAuthError(failure) ? failure.reason : 'server_error';
      options.observe({ type: 'interaction', step: 'not_offered', reason, tenant, user, client, ...what });
      return undefined;
    }
  }

  const operationOf = ({ operation: { kind, name } }: WaitingCall) =>
    kind === 'tool-list' ? {} : { operation: { kind, name } };

  return {
    url,
    pages: createInteractionPages({
      url,
      serverName: options.serverName ?? new URL(resource).host,
      records,
      interactions,
      logins,
      answers,
      now,
      observe,
      reportFault,
    }),
    note: (grant, elicitsUrl) => capability.note(grant, elicitsUrl).catch(reportFault),
    async resume(grant, extra) {
      try {
        return await asking.resume(grant, extra);
      } catch (failure) {
        // Without its store nobody knows how the interaction ended; whether the call may run is decided anew.
        reportFault(failure);
        return undefined;
      }
    },
    async askConsent(grant, extra, error, wanted) {
      if (!isOAuthError(error)) return undefined;
      const { target, scopes } = wanted;
      return await offering(grant, { purpose: 'consent', target, scopes }, () =>
        asking.askConsent(grant, extra, { error, wanted }),
      );
    },
    askLogin: (call, wanted) =>
      offering(call.grant, { purpose: 'login', ...operationOf(call) }, () => asking.askLogin(call, wanted)),
    askApproval: (call, wanted) =>
      offering(call.grant, { purpose: 'approval', ...operationOf(call) }, () =>
        asking.askApproval(call, wanted),
      ),
  };
}

/** What an event says of a purpose: nothing that was written by the caller but the name of the operation. */
function about(purpose: Purpose): Pick<InteractionEvent, 'purpose' | 'target' | 'scopes' | 'operation'> {
  if (purpose.kind !== 'consent') return { purpose: purpose.kind, operation: purpose.operation };
  const { kind, target, scopes } = purpose;
  return { purpose: kind, target, scopes };
}

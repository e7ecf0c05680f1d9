import { randomBytes } from 'node:crypto';
import type { TokenExchange } from '@mcp-obo/exchange';
import type { Grant, Login } from '@mcp-obo/grant';
import type { RevocationView } from '@mcp-obo/revocation';
import type { Decision, StepUp } from '@mcp-obo/scopes';
import { createApprovalAnswers } from './approval/approval-answers.ts';
import { type Approvals, createApprovals } from './approval/approvals.ts';
import type { SdkExtra } from './call.ts';
import type { Asked } from './input-required.ts';
import type { CameBack } from './interaction/guard-interactions.ts';
import type { InteractionPages } from './interaction/interaction-pages.ts';
import { createMemoryInteractionStore, type InteractionStore } from './interaction/interaction-store.ts';
import {
  type InteractionEvent,
  type InteractionOptions,
  type OpenInteractions,
  openInteractions,
} from './interaction/open-interactions.ts';
import { createProvenLogins } from './interaction/proven-logins.ts';
import type { Operation } from './operation.ts';

/** Everything that a guard asks of users, and what they answered. */
export interface AskingUsers extends Pick<OpenInteractions, 'askConsent'> {
  /** Absent when nobody can be sent anywhere. */
  readonly pages?: { readonly url: string; readonly answer: InteractionPages };
  /** Notes whether a client that initializes can be asked to open a URL. */
  readonly note: (grant: Grant, elicitsUrl: boolean) => void;
  readonly settleApproval: Approvals['settle'];
  /** For a call that comes back from the user: waits; undefined when it may go on. Never rejects. */
  readonly resume: (grant: Grant, extra: SdkExtra) => Promise<CameBack | undefined>;
  /** Asks for the login that a decision wants, when it and the client can be served by a link. */
  readonly askLogin: (
    grant: Grant,
    extra: SdkExtra,
    operation: Operation,
    decision: Decision,
  ) => Promise<Asked | undefined>;
  /** The login that was proved for the caller of this token; none when nobody can say. Never rejects. */
  readonly provenLogin: (grant: Grant) => Promise<Login | undefined>;
}

export interface AskingUsersOptions {
  readonly interactions: InteractionOptions | undefined;
  readonly exchange: TokenExchange | undefined;
  readonly store: InteractionStore | undefined;
  readonly resource: string;
  readonly serverName: string | undefined;
  readonly revocations: RevocationView;
  /** The token that a grant was made of. */
  readonly subjectTokenOf: (grant: Grant) => string | undefined;
  readonly now: () => number;
  readonly observe: (event: InteractionEvent) => void;
  readonly reportFault: (error: unknown) => void;
}

export function createAskingUsers(options: AskingUsersOptions): AskingUsers {
  const { exchange, revocations, subjectTokenOf, now, observe, reportFault } = options;
  const store = options.store ?? createMemoryInteractionStore({ now });
  const answers = createApprovalAnswers(store, now);
  const logins = createProvenLogins({ store, revocations, now });
  const interactions =
    options.interactions === undefined || exchange?.interactions === undefined
      ? undefined
      : openInteractions({
          ...options.interactions,
          store,
          logins,
          answers,
          resource: options.resource,
          serverName: options.serverName,
          interactions: exchange.interactions,
          now,
          observe,
          reportFault,
        });
  const approvals = createApprovals({
    store,
    answers,
    async askByLink(grant, operation, wanted, extra) {
      const subjectToken = subjectTokenOf(grant);
      if (subjectToken === undefined) return undefined;
      return await interactions?.askApproval({ grant, extra, operation, subjectToken }, wanted);
    },
    now,
    random: randomBytes,
  });

  return {
    ...(interactions !== undefined && { pages: { url: interactions.url, answer: interactions.pages } }),
    note: (grant, elicitsUrl) => void interactions?.note(grant, elicitsUrl),
    settleApproval: approvals.settle,
    resume: async (grant, extra) => await interactions?.resume(grant, extra),
    askConsent: async (...asked) => await interactions?.askConsent(...asked),
    async askLogin(grant, extra, operation, decision) {
      const { challenge, reason } = loginByLink(decision) ?? {};
      const subjectToken = subjectTokenOf(grant);
      if (challenge === undefined || reason === undefined || subjectToken === undefined) return undefined;
      const { maxAge, acrValues } = challenge;
      const demand = {
        ...(maxAge !== undefined && { maxAge }),
        ...(acrValues !== undefined && { acrValues }),
      };
      return await interactions?.askLogin({ grant, extra, operation, subjectToken }, { demand, reason });
    },
    async provenLogin(grant) {
      if (interactions === undefined) return undefined;
      try {
        return await logins.of(grant);
      } catch (error) {
        reportFault(error);
        return undefined;
      }
    },
  };
}

/** The challenge of a decision that a login by a link could turn (`Tier.loginByLink`). */
export function loginByLink(
  decision: Decision,
): { readonly challenge: StepUp; readonly reason: string } | undefined {
  if (decision.outcome !== 'step-up' && decision.outcome !== 'refuse') return undefined;
  const challenge = decision.outcome === 'step-up' ? decision.challenge : decision.unanswered;
  return challenge?.byLink === true ? { challenge, reason: decision.reason } : undefined;
}

import type { InteractionReason, LoginDemand, UserInteractions } from '@mcp-obo/exchange';
import type { Grant } from '@mcp-obo/grant';
import { isOAuthError, type OAuthError } from '@mcp-obo/oauth-error';
import type { WantedApproval } from '../approval/approvals.ts';
import { legible, legibleArguments } from '../approval/legible.ts';
import type { SdkExtra } from '../call.ts';
import type { Asked, InputRequired } from '../input-required.ts';
import type { Operation } from '../operation.ts';
import { ToolFailure } from '../tool-result.ts';
import type { ClientCapability } from './client-capability.ts';
import type { InteractionRecords } from './interaction-records.ts';
import { inputKey, type MakeOffer, presentOffer, signalOf } from './offers.ts';
import type { ProvenLogins } from './proven-logins.ts';
import type { NamedOperation } from './purpose.ts';

/** What a tool wanted when it was refused. */
export interface Wanted {
  readonly target: string;
  readonly scopes: readonly string[];
  readonly subjectToken: string;
}

/** A call that waits for its user. */
export interface WaitingCall {
  readonly grant: Grant;
  readonly extra: SdkExtra;
  readonly operation: Operation;
  readonly subjectToken: string;
}

/** What became of an interaction that a request comes back from. */
export type CameBack =
  /** The answer that has the client wait. */
  | { readonly waits: InputRequired; readonly refused?: undefined }
  /** The user closed the link, or did not give what was asked for. */
  | { readonly refused: 'interaction_declined' | 'interaction_refused'; readonly waits?: undefined };

/** What the guard asks users by a link. Each `ask…` is undefined when this user or client cannot be asked. */
export interface GuardInteractions {
  /** For a request that comes back from an interaction, waits for its end; undefined when it may go on. */
  readonly resume: (grant: Grant, extra: SdkExtra) => Promise<CameBack | undefined>;
  /** After an exchange was refused for want of the user. Clients that cannot open links get it in words. */
  readonly askConsent: (
    grant: Grant,
    extra: SdkExtra,
    refused: { readonly error: OAuthError; readonly wanted: Wanted },
  ) => Promise<Asked | undefined>;
  /** For a login that the token does not have. */
  readonly askLogin: (
    call: WaitingCall,
    wanted: { readonly demand: LoginDemand; readonly reason: string },
  ) => Promise<Asked | undefined>;
  /** For the approval of a call. */
  readonly askApproval: (call: WaitingCall, wanted: WantedApproval) => Promise<Asked | undefined>;
}

export interface GuardInteractionsOptions {
  readonly offer: MakeOffer;
  readonly records: InteractionRecords;
  readonly logins: ProvenLogins;
  readonly interactions: UserInteractions;
  readonly capability: ClientCapability;
  /** Milliseconds a request that came back waits for the user before its client asks again. */
  readonly waitMs: number;
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<void>;
}

/** Milliseconds between two looks at an interaction that is under way. */
const lookEvery = 250;

export function createGuardInteractions(options: GuardInteractionsOptions): GuardInteractions {
  const { offer, records, logins, interactions, capability, now } = options;

  async function settled(id: string, grant: Grant, signal: AbortSignal | undefined) {
    const until = now() + options.waitMs;
    for (;;) {
      const outcome = await records.outcome(id, grant);
      if (outcome !== 'pending' || now() >= until || signal?.aborted === true) return outcome;
      await options.sleep(lookEvery);
    }
  }

  /** The user did it, and it did not help: another link would ask the same in a circle. */
  async function wasInVain(grant: Grant, extra: SdkExtra, kind: 'consent' | 'login'): Promise<boolean> {
    const id = requestState(extra);
    return id !== undefined && (await records.outcome(id, grant, kind)) === 'completed';
  }

  return {
    async resume(grant, extra) {
      const id = requestState(extra);
      if (id === undefined) return undefined;
      const action = actionOf(extra);
      if (action === 'decline' || action === 'cancel') return { refused: 'interaction_declined' };
      const outcome = await settled(id, grant, signalOf(extra));
      if (outcome === 'pending') return { waits: { resultType: 'input_required', requestState: id } };
      return outcome === 'refused' ? { refused: 'interaction_refused' } : undefined;
    },

    async askConsent(grant, extra, { error, wanted: { target, scopes, subjectToken } }) {
      const reason = reasonOf(error);
      if (reason === undefined || grant.user === undefined) return undefined;
      if (await wasInVain(grant, extra, 'consent')) return undefined;
      const how = await capability.of(grant, extra);
      const purpose = { kind: 'consent', reason, target, scopes } as const;
      const offered = await offer(grant, extra, { purpose, reason }, (secrets) =>
        interactions.start({ ...secrets, target, scopes, subjectToken, reason }),
      );
      const message = `${consentMessages[reason]} (${target})`;
      if (how !== 'none') return presentOffer(how, offered, message);
      return new ToolFailure(
        `${message} Show the user this link, to be opened in a browser: ${offered.url} Try again when the user has done so.`,
        { reason: error.reason, note: { mend: 'interaction', url: offered.url }, cause: error },
      );
    },

    async askLogin({ grant, extra, operation, subjectToken }, { demand, reason }) {
      if (grant.user === undefined || (await wasInVain(grant, extra, 'login'))) return undefined;
      const how = await capability.of(grant, extra);
      if (how === 'none') return undefined;
      const what = named(operation);
      const purpose = { kind: 'login', operation: what, demand, place: logins.placeOf(grant) } as const;
      const offered = await offer(grant, extra, { purpose, reason }, (secrets) =>
        interactions.login({ ...secrets, subjectToken, demand }),
      );
      return presentOffer(
        how,
        offered,
        `You must sign in again before the ${what.kind} ${what.name} may be used.`,
      );
    },

    async askApproval({ grant, extra, operation, subjectToken }, wanted) {
      if (grant.user === undefined) return undefined;
      const how = await capability.of(grant, extra);
      if (how === 'none') return undefined;
      const what = named(operation);
      const shown = legibleArguments(operation);
      const purpose = { kind: 'approval', operation: what, shown, ...wanted } as const;
      const offered = await offer(grant, extra, { purpose, reason: 'approval' }, (secrets) =>
        interactions.login({ ...secrets, subjectToken }),
      );
      return presentOffer(
        how,
        offered,
        `Your approval is needed before the ${what.kind} ${what.name} is used.`,
      );
    },
  };
}

function named({ kind, name }: Operation): NamedOperation {
  return { kind: kind === 'tool-list' ? 'tool' : kind, name: legible(name) };
}

const consentMessages: Readonly<Record<InteractionReason, string>> = {
  consent_required: 'Your consent is needed before this server may act for you.',
  interaction_required: 'Your identity provider asks you something before this server may act for you.',
};

function reasonOf(error: OAuthError): InteractionReason | undefined {
  const { code } = error;
  return isOAuthError(error) && (code === 'consent_required' || code === 'interaction_required')
    ? code
    : undefined;
}

function requestState({ mcpReq }: SdkExtra): string | undefined {
  const state = mcpReq?.requestState?.();
  return typeof state === 'string' ? state : undefined;
}

function actionOf({ mcpReq }: SdkExtra): unknown {
  return (mcpReq?.inputResponses?.[inputKey] as { action?: unknown } | null | undefined)?.action;
}

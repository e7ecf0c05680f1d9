import { hash } from 'node:crypto';
import type { InteractionReason, UserInteractions } from '@mcp-obo/exchange';
import type { Grant } from '@mcp-obo/grant';
import { isOAuthError, type OAuthError } from '@mcp-obo/oauth-error';
import type { SdkExtra } from '../call.ts';
import type { InputRequired } from '../input-required.ts';
import { McpError } from '../mcp-error.ts';
import { ToolFailure } from '../tool-result.ts';
import type { ClientCapability } from './client-capability.ts';
import { type InteractionRecord, type InteractionRecords, newInteraction } from './interaction-records.ts';
import type { RandomBytes } from './sealed-record.ts';

/** What a tool wanted when it was refused. */
export interface Wanted {
  readonly target: string;
  readonly scopes: readonly string[];
  readonly subjectToken: string;
}

/** What the guard does about an exchange that only the user can help. */
export interface GuardInteractions {
  /**
   * Before a handler runs: for a request that comes back from an interaction, waits for its end. The answer to
   * send instead of running, or undefined. Throws a `ToolFailure` when the user declined.
   */
  readonly resume: (grant: Grant, extra: SdkExtra) => Promise<InputRequired | undefined>;
  /**
   * After a handler was refused: the answer that asks the user, or undefined for a refusal that the user cannot
   * help. Throws the `-32042` of 2025-11-25, or a `ToolFailure` with the link for clients that cannot be asked.
   */
  readonly ask: (
    grant: Grant,
    extra: SdkExtra,
    refused: { readonly error: OAuthError; readonly wanted: Wanted },
  ) => Promise<InputRequired | undefined>;
}

export interface GuardInteractionsOptions {
  /** Where the pages are. */
  readonly url: string;
  readonly records: InteractionRecords;
  readonly interactions: UserInteractions;
  readonly capability: ClientCapability;
  /** Milliseconds a link can be used. */
  readonly lifetimeMs: number;
  /** Milliseconds a request that came back waits for the user before its client asks again. */
  readonly waitMs: number;
  readonly now: () => number;
  readonly random: RandomBytes;
  readonly sleep: (ms: number) => Promise<void>;
  readonly observe: (record: InteractionRecord, step: 'offered', reason: string) => void;
}

/** The name of our one input request. */
const inputKey = 'interaction';
/** MCP 2025-11-25, Elicitation, URL elicitation required error. */
const urlElicitationRequired = -32042;
/** Milliseconds between two looks at an interaction that is under way. */
const lookEvery = 250;

export function createGuardInteractions(options: GuardInteractionsOptions): GuardInteractions {
  const { url, records, interactions, capability, now, random } = options;

  async function offer(grant: Grant, reason: InteractionReason, wanted: Wanted, signal?: AbortSignal) {
    const { user } = grant;
    if (user === undefined) throw new TypeError('A machine cannot be asked.');
    const secrets = newInteraction(random);
    const { state, nonce, codeVerifier } = secrets;
    const { authorizationUrl } = await interactions.start({
      ...wanted,
      reason,
      redirectUri: `${url}/callback`,
      state,
      nonce,
      codeChallenge: hash('sha256', codeVerifier, 'base64url'),
      ...(signal === undefined ? {} : { signal }),
    });
    const { target, scopes } = wanted;
    const { tenant, client } = grant;
    const expiresAt = now() + options.lifetimeMs;
    const record = { ...secrets, tenant, user, client, target, scopes, authorizationUrl, expiresAt };
    const { link } = await records.offer(record);
    options.observe(record, 'offered', reason);
    return { id: record.id, url: `${url}?link=${link}` };
  }

  async function settled(id: string, grant: Grant, signal: AbortSignal | undefined) {
    const until = now() + options.waitMs;
    for (;;) {
      const outcome = await records.outcome(id, grant);
      if (outcome !== 'pending' || now() >= until || signal?.aborted === true) return outcome;
      await options.sleep(lookEvery);
    }
  }

  return {
    async resume(grant, extra) {
      const id = requestState(extra);
      if (id === undefined) return undefined;
      const action = actionOf(extra);
      if (action === 'decline' || action === 'cancel')
        throw new ToolFailure('The user did not agree to open the link, so this call cannot be made.', {
          reason: 'interaction_declined',
        });
      const outcome = await settled(id, grant, extra.mcpReq?.signal ?? extra.signal);
      if (outcome === 'pending') return { resultType: 'input_required', requestState: id };
      if (outcome === 'refused')
        throw new ToolFailure('The user did not give what this call needs. Do not try again by yourself.', {
          reason: 'interaction_refused',
        });
      return undefined;
    },

    async ask(grant, extra, { error, wanted }) {
      const reason = reasonOf(error);
      if (reason === undefined || grant.user === undefined) return undefined;
      const id = requestState(extra);
      // The user did it, and it did not help: another link would ask the same in a circle.
      if (id !== undefined && (await records.outcome(id, grant)) === 'completed') return undefined;
      const how = await capability.of(grant, extra);
      const offered = await offer(grant, reason, wanted, extra.mcpReq?.signal ?? extra.signal);
      const message = `${messages[reason]} (${wanted.target})`;
      if (how === 'input_required') {
        const params = { mode: 'url', url: offered.url, message } as const;
        const inputRequests = { [inputKey]: { method: 'elicitation/create', params } } as const;
        return { resultType: 'input_required', inputRequests, requestState: offered.id };
      }
      if (how === 'error')
        throw new McpError(urlElicitationRequired, message, {
          elicitations: [{ mode: 'url', elicitationId: offered.id, url: offered.url, message }],
        });
      throw new ToolFailure(
        `${message} Show the user this link, to be opened in a browser: ${offered.url} Try again when the user has done so.`,
        { reason: error.reason, note: { mend: 'interaction', url: offered.url }, cause: error },
      );
    },
  };
}

const messages: Readonly<Record<InteractionReason, string>> = {
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

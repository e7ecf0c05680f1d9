import { hash } from 'node:crypto';
import { formatUserKey, type Grant } from '@mcp-obo/grant';
import type { SdkExtra } from '../call.ts';
import type { InputRequired } from '../input-required.ts';
import type { InteractionStore } from '../interaction/interaction-store.ts';
import { freshSecret, isSecret, type RandomBytes, recordKey } from '../interaction/sealed-record.ts';
import type { Operation } from '../operation.ts';

/** What became of the wish to have a call approved. */
export type ApprovalAnswer =
  | { readonly kind: 'approved'; readonly approved: 'call' | 'session' }
  | { readonly kind: 'denied' }
  /** The answer that asks the user. */
  | { readonly kind: 'asks'; readonly result: InputRequired }
  /** The client cannot show a question. */
  | { readonly kind: 'unable' };

export interface Approvals {
  /** Asks for the approval of a call, or takes the answer that its client brings back. */
  readonly settle: (
    grant: Grant,
    operation: Operation,
    approval: 'call' | 'session',
    extra: SdkExtra,
  ) => Promise<ApprovalAnswer>;
}

export interface ApprovalsOptions {
  readonly store: InteractionStore;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly random: RandomBytes;
  /** Milliseconds a question waits for its answer. Default five minutes. */
  readonly lifetimeMs?: number;
}

const inputKey = 'approval';
const capabilitiesKey = 'io.modelcontextprotocol/clientCapabilities';

/**
 * Approvals of users by a form of their client (MCP 2026-07-28, Elicitation). A question is bound to user, client,
 * operation and arguments, and answered once: an answer to another question, or to the same one again, is none. What
 * is approved for a session holds for this operation as long as the token's session, or the token itself.
 */
export function createApprovals({ store, now, random, lifetimeMs = 300_000 }: ApprovalsOptions): Approvals {
  async function answered(
    grant: Grant,
    operation: Operation,
    { mcpReq }: SdkExtra,
  ): Promise<boolean | undefined> {
    const state = mcpReq?.requestState?.();
    if (typeof state !== 'string' || !isSecret(state)) return undefined;
    const question = await store.take(recordKey('approval', state));
    if (question !== questionOf(grant, operation)) return undefined;
    const { action, content } = (mcpReq?.inputResponses?.[inputKey] ?? {}) as {
      action?: unknown;
      content?: { approve?: unknown } | null;
    };
    return action === 'accept' && content?.approve === true;
  }

  async function ask(grant: Grant, operation: Operation): Promise<InputRequired> {
    const state = freshSecret(random);
    await store.put(recordKey('approval', state), questionOf(grant, operation), now() + lifetimeMs);
    return {
      resultType: 'input_required',
      inputRequests: {
        [inputKey]: {
          method: 'elicitation/create',
          params: { mode: 'form', message: messageOf(operation), requestedSchema },
        },
      },
      requestState: state,
    };
  }

  return {
    async settle(grant, operation, approval, extra) {
      const session = `approved:${sessionOf(grant, operation)}`;
      if (approval === 'session' && (await store.get(session)) !== undefined)
        return { kind: 'approved', approved: approval };
      const yes = await answered(grant, operation, extra);
      if (yes === false) return { kind: 'denied' };
      if (yes === undefined)
        return canBeAsked(grant, extra)
          ? { kind: 'asks', result: await ask(grant, operation) }
          : { kind: 'unable' };
      if (approval === 'session') await store.put(session, 'yes', grant.expiresAt * 1000);
      return { kind: 'approved', approved: approval };
    },
  };
}

/** Only a person can approve, and only a client that shows forms can ask. Without modes it means forms. */
function canBeAsked({ user }: Grant, { mcpReq }: SdkExtra): boolean {
  const capabilities = mcpReq?.envelope?.[capabilitiesKey] as { elicitation?: object } | null | undefined;
  const elicitation = capabilities?.elicitation;
  if (user === undefined || typeof elicitation !== 'object' || elicitation === null) return false;
  return 'form' in elicitation || !('url' in elicitation);
}

const requestedSchema = {
  type: 'object',
  properties: { approve: { type: 'boolean', title: 'Approve this call', default: false } },
  required: ['approve'],
} as const;

/** Longest part of the arguments that is shown. */
const shown = 1000;

function messageOf({ kind, name, args }: Operation): string {
  const text = JSON.stringify(args);
  const cut = text.length > shown ? `${text.slice(0, shown)}… (${text.length} characters)` : text;
  return `Your assistant wants to use the ${kind} ${name} with ${cut}. Do you approve?`;
}

/** Everything a question is about, as one hash. */
function questionOf({ user, client }: Grant, { kind, name, args }: Operation): string {
  const who = user === undefined ? null : formatUserKey(user);
  return hash('sha256', canonical([who, client, kind, name, args]), 'base64url');
}

function sessionOf({ user, client, session, tokenHash }: Grant, { kind, name }: Operation): string {
  const who = user === undefined ? null : formatUserKey(user);
  return hash('sha256', canonical([who, client, session ?? tokenHash, kind, name]), 'base64url');
}

/** JSON in which the order of members says nothing. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([one], [other]) => (one < other ? -1 : 1)))
      : member,
  );
}

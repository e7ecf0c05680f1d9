import type { Grant } from '@mcp-obo/grant';
import type { SdkExtra } from '../call.ts';
import type { Asked } from '../input-required.ts';
import type { InteractionStore } from '../interaction/interaction-store.ts';
import { freshSecret, isSecret, type RandomBytes, recordKey } from '../interaction/sealed-record.ts';
import type { Operation } from '../operation.ts';
import { type ApprovalAnswers, questionOf, sessionOf } from './approval-answers.ts';
import { legibleArguments } from './legible.ts';

/** What became of the wish to have a call approved. */
export type Approval =
  | {
      readonly kind: 'approved';
      readonly approved: 'call' | 'session';
      /**
       * Lets the same call use this approval after all, as its user was asked for something else before it was done.
       * That is so once: a call that begins again and again is approved again.
       */
      readonly giveBack: () => Promise<void>;
    }
  | { readonly kind: 'denied' }
  | { readonly kind: 'asks'; readonly asked: Asked }
  /** The client can show neither a form nor a link. */
  | { readonly kind: 'unable' };

export interface Approvals {
  /** Asks for the approval of a call, or takes the answer that is there. */
  readonly settle: (
    grant: Grant,
    operation: Operation,
    approval: 'call' | 'session',
    extra: SdkExtra,
  ) => Promise<Approval>;
}

/** What is to be approved. */
export interface WantedApproval {
  /** One call, or all of the operation in this session. */
  readonly approval: 'call' | 'session';
  /** What the answer is about, as one hash. */
  readonly question: string;
}

export interface ApprovalsOptions {
  readonly store: InteractionStore;
  readonly answers: ApprovalAnswers;
  /** Asks by a link to a page of this server; undefined when the client cannot open one, or there are no pages. */
  readonly askByLink: (
    grant: Grant,
    operation: Operation,
    wanted: WantedApproval,
    extra: SdkExtra,
  ) => Promise<Asked | undefined>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly random: RandomBytes;
}

/** Milliseconds a form waits for its answer. */
const formLifetime = 300_000;
/** Milliseconds an approval waits for its call, whatever else the user is asked for meanwhile. */
export const approvalLifetime = 600_000;

const inputKey = 'approval';
const capabilitiesKey = 'io.modelcontextprotocol/clientCapabilities';

/**
 * Approvals of users, by a form of their client (MCP 2026-07-28, Elicitation) or by a page of this server. A question
 * is bound to user, client, operation and arguments, and answered once: an answer to another question, or to the same
 * one again, is none. What is approved for a session holds for this operation as long as the token's session, or the
 * token itself.
 */
export function createApprovals(options: ApprovalsOptions): Approvals {
  const { store, answers, askByLink, now, random } = options;

  async function formAnswer(question: string, { mcpReq }: SdkExtra): Promise<boolean | undefined> {
    const state = mcpReq?.requestState?.();
    if (typeof state !== 'string' || !isSecret(state)) return undefined;
    const asked = await store.take(recordKey('approval', state));
    if (asked !== question) return undefined;
    const { action, content } = (mcpReq?.inputResponses?.[inputKey] ?? {}) as {
      action?: unknown;
      content?: { approve?: unknown } | null;
    };
    return action === 'accept' && content?.approve === true;
  }

  async function answerTo(question: string, extra: SdkExtra) {
    const approved = await formAnswer(question, extra);
    return approved === undefined
      ? await answers.take(question)
      : { approved, resumed: false, until: now() + approvalLifetime };
  }

  async function askByForm(operation: Operation, { approval, question }: WantedApproval): Promise<Asked> {
    const state = freshSecret(random);
    await store.put(recordKey('approval', state), question, now() + formLifetime);
    const params = { mode: 'form', message: messageOf(operation, approval), requestedSchema } as const;
    return {
      resultType: 'input_required',
      inputRequests: { [inputKey]: { method: 'elicitation/create', params } },
      requestState: state,
    };
  }

  return {
    async settle(grant, operation, approval, extra) {
      const session = `approved:${sessionOf(grant, [operation.kind, operation.name])}`;
      if (approval === 'session' && (await store.get(session)) !== undefined) return approvedForSession;
      const question = questionOf(grant, operation);
      const answer = await answerTo(question, extra);
      if (answer === undefined) {
        const asked = showsForms(grant, extra)
          ? await askByForm(operation, { approval, question })
          : await askByLink(grant, operation, { approval, question }, extra);
        return asked === undefined ? { kind: 'unable' } : { kind: 'asks', asked };
      }
      if (!answer.approved) return { kind: 'denied' };
      if (approval === 'session') {
        await store.put(session, 'yes', grant.expiresAt * 1000);
        return approvedForSession;
      }
      return {
        kind: 'approved',
        approved: approval,
        giveBack: async () => {
          if (!answer.resumed) await answers.keep(question, { ...answer, resumed: true });
        },
      };
    },
  };
}

/** It is there for the next call anyway. */
const approvedForSession: Approval = {
  kind: 'approved',
  approved: 'session',
  giveBack: async () => undefined,
};

/** Only a person can approve. Capabilities without modes mean forms. */
function showsForms({ user }: Grant, { mcpReq }: SdkExtra): boolean {
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

function messageOf(operation: Operation, approval: 'call' | 'session'): string {
  const { kind, name } = operation;
  const more =
    approval === 'session' ? ', and then for as long as you are signed in, with other values too' : '';
  return `Your assistant wants to use the ${kind} ${name} with ${legibleArguments(operation)}${more}. Do you approve?`;
}

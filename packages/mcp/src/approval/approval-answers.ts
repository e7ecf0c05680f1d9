import { hash } from 'node:crypto';
import { formatUserKey, type Grant } from '@mcp-obo/grant';
import type { InteractionStore } from '../interaction/interaction-store.ts';
import type { Operation } from '../operation.ts';

/** An answer of the user to one question, which one call can use. */
export interface ApprovalAnswer {
  readonly approved: boolean;
  /** Whether a call has used it before, and was sent to its user for something else. */
  readonly resumed: boolean;
  /** When it is worth nothing any more, milliseconds since the epoch. */
  readonly until: number;
}

/** Answers that wait for the call they are about. */
export interface ApprovalAnswers {
  readonly keep: (question: string, answer: ApprovalAnswer) => Promise<void>;
  /** Uses an answer up: of several callers one gets it. */
  readonly take: (question: string) => Promise<ApprovalAnswer | undefined>;
}

export function createApprovalAnswers(store: InteractionStore, now: () => number): ApprovalAnswers {
  return {
    keep: (question, answer) =>
      store.put(`answer:${question}`, `${wordOf(answer)} ${answer.until}`, answer.until),
    async take(question) {
      const [word = '', until] = ((await store.take(`answer:${question}`)) ?? '').split(' ');
      if (!Object.hasOwn(words, word) || !(Number(until) > now())) return undefined;
      return { ...words[word as keyof typeof words], until: Number(until) };
    },
  };
}

const words = {
  approved: { approved: true, resumed: false },
  resumed: { approved: true, resumed: true },
  denied: { approved: false, resumed: false },
} as const;

function wordOf({ approved, resumed }: ApprovalAnswer): keyof typeof words {
  if (!approved) return 'denied';
  return resumed ? 'resumed' : 'approved';
}

/** Everything a question is about, as one hash: user, client, operation and arguments. */
export function questionOf({ user, client }: Grant, { kind, name, args }: Operation): string {
  const who = user === undefined ? null : formatUserKey(user);
  return hash('sha256', canonical([who, client, kind, name, args]), 'base64url');
}

/** The session that an approval, or a login, holds in: that of the token, or the token itself. */
export function sessionOf(
  { issuer, user, client, session, tokenHash }: Grant,
  about: readonly string[],
): string {
  const who = user === undefined ? null : formatUserKey(user);
  const within = session === undefined ? ['token', tokenHash] : ['session', session];
  return hash('sha256', canonical([issuer, who, client, within, about]), 'base64url');
}

/** JSON in which the order of members says nothing. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([one], [other]) => (one < other ? -1 : 1)))
      : member,
  );
}

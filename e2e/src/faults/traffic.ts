import { setTimeout as sleep } from 'node:timers/promises';
import type { Answer } from '../../tests/attacks/fixture/http.ts';
import { type Question, type Subject, wrongness } from './judge.ts';

/** What the traffic goes to. */
export interface Brokers {
  /** Asks one of them; rejects when there was no answer at all. */
  readonly exchange: (question: Question, turn: number) => Promise<Answer>;
  /** Revokes a token at one of them; true when that is acknowledged. */
  readonly revoke: (subject: Subject, turn: number) => Promise<boolean>;
  readonly mint: (user: string) => Promise<string>;
  /** Whether a process may not know now what others know. */
  readonly cutOff: () => boolean;
  /** Milliseconds. */
  readonly now: () => number;
}

/** What came of the questions. */
export interface Tally {
  tried: number;
  answered: number;
  /** Questions about tokens that hold and got no token, by what was said instead. */
  readonly refused: Record<string, number>;
  /** By why they are wrong. */
  readonly wrong: Record<string, number>;
  /** Milliseconds. */
  slowest: number;
  revocations: number;
  /** Questions about tokens that were revoked. */
  triedRevoked: number;
}

const users = Array.from({ length: 10 }, (_, index) => `user-${index}`);
const rights = [
  { audience: 'api://expenses', scope: 'api:expenses.read' },
  { audience: 'api://expenses', scope: 'api:expenses.write' },
  { audience: 'api://ledger', scope: 'api:ledger.read' },
] as const;

/** Revoked tokens that are tried again. */
const kept = 12;

/** Asks without end, a few questions at a time, until `stop` is aborted; answers what came of it. */
export async function runTraffic(brokers: Brokers, stop: AbortSignal): Promise<Tally> {
  const tally: Tally = {
    tried: 0,
    answered: 0,
    refused: {},
    wrong: {},
    slowest: 0,
    revocations: 0,
    triedRevoked: 0,
  };
  const subjects = new Map<string, Subject>();
  const revoked: Subject[] = [];
  for (const user of users) subjects.set(user, { user, token: await brokers.mint(user) });
  let turn = 0;

  async function askOn(): Promise<void> {
    while (!stop.aborted) {
      turn += 1;
      await ask(turn % 4 === 0 ? revoked[turn % revoked.length] : undefined, turn);
      await sleep(8);
    }
  }

  async function ask(gone: Subject | undefined, number: number): Promise<void> {
    const subject = gone ?? subjects.get(users[(number * 7) % users.length] ?? '');
    const right = rights[(number * 5) % rights.length];
    if (subject === undefined || right === undefined) return;
    const question: Question = { subject, ...right, begun: brokers.now() };
    const answer = await brokers.exchange(question, number).catch((error: Error) => error);
    tally.tried += 1;
    tally.slowest = Math.max(tally.slowest, brokers.now() - question.begun);
    if (subject.revokedAt !== undefined) tally.triedRevoked += 1;
    if (answer instanceof Error) return count(tally.refused, 'no answer');
    const wrong = wrongness(question, answer, brokers.cutOff());
    if (wrong !== undefined) return count(tally.wrong, wrong);
    if (answer.status === 200) tally.answered += 1;
    else if (gone === undefined && subjects.get(subject.user) === subject)
      count(tally.refused, reasonOf(answer));
  }

  /** A token of a user ends and another takes its place, one after the other. */
  async function renewOn(): Promise<void> {
    for (let number = 0; !stop.aborted; number += 1) {
      await sleep(250);
      const user = users[number % users.length] ?? '';
      const old = subjects.get(user);
      subjects.set(user, { user, token: await brokers.mint(user) });
      if (old === undefined || !(await brokers.revoke(old, number).catch(() => false))) continue;
      old.revokedAt = brokers.now();
      tally.revocations += 1;
      revoked.unshift(old);
      revoked.length = Math.min(revoked.length, kept);
    }
  }

  await Promise.all([...Array.from({ length: 6 }, askOn), renewOn()]);
  return tally;
}

function count(counts: Record<string, number>, name: string): void {
  counts[name] = (counts[name] ?? 0) + 1;
}

function reasonOf({ status, body }: Answer): string {
  try {
    return `${status} ${(JSON.parse(body) as { error?: string }).error}`;
  } catch {
    return String(status);
  }
}

import { hash } from 'node:crypto';
import { formatUserKey, type Grant, type UserKey } from '@mcp-obo/grant';
import type { InteractionStore } from './interaction-store.ts';
import type { Purpose } from './purpose.ts';
import {
  freshSecret,
  isSecret,
  openRecord,
  type RandomBytes,
  recordKey,
  sealRecord,
} from './sealed-record.ts';

/** One interaction, from the offer of its link to its end. */
export interface InteractionRecord {
  readonly id: string;
  readonly tenant: string;
  readonly user: UserKey;
  /** What the user is known by. */
  readonly userName: string;
  /** The MCP client the user was asked through. */
  readonly client: string;
  readonly purpose: Purpose;
  readonly authorizationUrl: string;
  readonly state: string;
  readonly nonce: string;
  readonly codeVerifier: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

/** A record whose link was followed: it is bound to that browser. */
export interface StartedInteraction extends InteractionRecord {
  /** SHA-256 of the cookie the browser was given. */
  readonly browser: string;
  /** When the user left for the issuer, milliseconds since the epoch. */
  readonly startedAt: number;
}

export type InteractionOutcome = 'pending' | 'completed' | 'refused';

/** Interactions by what their holders can show: a link, a state, a question. Each of them can be used once. */
export interface InteractionRecords {
  readonly offer: (record: InteractionRecord) => Promise<{ readonly link: string }>;
  /** The record of a link, which stays good. */
  readonly look: (link: string | null) => Promise<InteractionRecord | undefined>;
  /** Uses a link up and binds its record to a browser. */
  readonly start: (
    link: string | null,
  ) => Promise<{ readonly record: InteractionRecord; readonly cookie: string } | undefined>;
  /** Uses a state up. */
  readonly finish: (state: string | null) => Promise<StartedInteraction | undefined>;
  /** Keeps a record for the answer of its user, who has logged in. */
  readonly question: (record: StartedInteraction) => Promise<string>;
  /** Uses a question up. */
  readonly answer: (question: string | null) => Promise<StartedInteraction | undefined>;
  readonly settle: (record: InteractionRecord, outcome: InteractionOutcome) => Promise<void>;
  /** How an interaction stands, for the caller it was offered to and for nobody else; `kind` narrows to one purpose. */
  readonly outcome: (
    id: string,
    grant: Grant,
    kind?: Purpose['kind'],
  ) => Promise<InteractionOutcome | undefined>;
}

/** What an interaction is begun with. */
export function newInteraction(random: RandomBytes) {
  const secret = () => freshSecret(random);
  return { id: secret(), state: secret(), nonce: secret(), codeVerifier: secret() };
}

/** `now` in milliseconds since the epoch. */
export function createInteractionRecords(
  store: InteractionStore,
  random: RandomBytes,
  now: () => number,
): InteractionRecords {
  async function read<T>(kind: string, secret: string | null, how: 'get' | 'take'): Promise<T | undefined> {
    if (!isSecret(secret)) return undefined;
    const value = await store[how](recordKey(kind, secret));
    return value === undefined ? undefined : (openRecord(kind, secret, value) as T | undefined);
  }

  async function keep(kind: string, secret: string, record: InteractionRecord): Promise<void> {
    const { key, value } = sealRecord(kind, secret, record, random);
    await store.put(key, value, record.expiresAt);
  }

  async function settle(record: InteractionRecord, outcome: InteractionOutcome): Promise<void> {
    const { id, user, client, purpose, expiresAt } = record;
    await store.put(`outcome:${id}`, `${outcome} ${ownerOf(user, client)} ${purpose.kind}`, expiresAt);
  }

  return {
    settle,
    async offer(record) {
      const link = freshSecret(random);
      await keep('link', link, record);
      await settle(record, 'pending');
      return { link };
    },
    look: (link) => read<InteractionRecord>('link', link, 'get'),
    async start(link) {
      const record = await read<InteractionRecord>('link', link, 'take');
      if (record === undefined) return undefined;
      const cookie = freshSecret(random);
      const browser = hash('sha256', cookie, 'base64url');
      const started: StartedInteraction = { ...record, browser, startedAt: now() };
      await keep('state', record.state, started);
      return { record, cookie };
    },
    finish: (state) => read<StartedInteraction>('state', state, 'take'),
    async question(record) {
      const question = freshSecret(random);
      await keep('question', question, record);
      return question;
    },
    answer: (question) => read<StartedInteraction>('question', question, 'take'),
    async outcome(id, { user, client }, kind) {
      if (user === undefined || !isSecret(id)) return undefined;
      const [outcome, owner, about] = (await store.get(`outcome:${id}`))?.split(' ') ?? [];
      if (kind !== undefined && kind !== about) return undefined;
      return owner === ownerOf(user, client) ? (outcome as InteractionOutcome) : undefined;
    },
  };
}

function ownerOf(user: UserKey, client: string): string {
  return hash('sha256', JSON.stringify([formatUserKey(user), client]), 'base64url');
}

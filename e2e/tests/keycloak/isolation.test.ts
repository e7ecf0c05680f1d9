import { isDeepStrictEqual } from 'node:util';
import { verifies } from '@mcp-obo/testbed/verifies';
import type { JWTPayload } from 'jose';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { auditRecords } from '../trace/fixture/traced-platform.ts';
import { eventsOf } from './fixture/events.ts';
import { issuerOf, logInAtRealm, readAnswer, realmOf, refresh } from './fixture/log-in.ts';
import { type Answered, type Caller, isRight, playRound, seededRandom } from './fixture/rounds.ts';

const platform = inject('platform');
const { auditFiles } = inject('keycloak');
const rounds = 200;
/** After so many rounds everybody comes with a new token, so that cold exchanges happen in between. */
const renewedEvery = 25;

const people = [
  { username: 'alice', ownRow: 'exp-1', foreignRows: ['exp-3', 'exp-4', 'exp-5', 'exp-7'] },
  { username: 'bob', ownRow: 'exp-3', foreignRows: ['exp-1', 'exp-2', 'exp-6', 'exp-7'] },
  { username: 'gina', ownRow: 'exp-7', foreignRows: ['exp-1', 'exp-2', 'exp-3', 'exp-5'] },
] as const;

describe(`${rounds} rounds of calls by two users of a realm and one of another, all at once`, () => {
  const seed = Number(process.env.MCP_OBO_SEED ?? Date.now() % 2 ** 32);
  let renew: () => Promise<void>;
  let callers: readonly Caller[];
  let answers: readonly Answered[];
  const sessions = new Map<string, JWTPayload>();

  beforeAll(async () => {
    process.stdout.write(`Order of the calls: MCP_OBO_SEED=${seed}\n`);
    const tokens = new Map<string, { accessToken: string; refreshToken: string }>();
    callers = await Promise.all(
      people.map(async (person) => {
        const { username } = person;
        const login = await logInAtRealm(platform, username);
        tokens.set(username, login);
        sessions.set(username, login.claims);
        return {
          ...person,
          tenant: realmOf(platform, username),
          sub: login.claims.sub,
          token: () => tokens.get(username)?.accessToken ?? '',
        };
      }),
    );
    renew = async () => {
      for (const { username } of people) {
        const held = tokens.get(username)?.refreshToken ?? '';
        const { status, body } = await refresh(issuerOf(platform, username), held);
        if (status !== 200) throw new Error(`${username} gets no new token: ${body.error}.`);
        tokens.set(username, readAnswer(body));
      }
    };
    const random = seededRandom(seed);
    const collected: Answered[] = [];
    for (let round = 0; round < rounds; round += 1) {
      if (round > 0 && round % renewedEvery === 0) await renew();
      collected.push(...(await playRound(platform.urls.mcp, callers, random)));
    }
    answers = collected;
  }, 300_000);

  it(
    verifies(
      ['rs:identity', 'rs:multi-issuer', 'tb:cache-key', 'rs:both-eras'],
      'end with nobody having seen another’s row, name or tenant',
    ),
    () => {
      const wrong = answers.filter((answer) => !isRight(answer));
      expect(wrong.map(({ caller, ask, era, status }) => [caller.username, ask, era, status])).toEqual([]);
      expect(answers).toHaveLength(rounds * people.length);
      const kinds = new Set(answers.map(({ ask, era, caller }) => `${ask} ${era} ${caller.username}`));
      expect(kinds.size).toBe(4 * 2 * people.length);
    },
  );

  it('are judged by a check that notices a single answer that went to somebody else', () => {
    for (const ask of ['list', 'own', 'whoami'] as const) {
      for (const [mine, others] of [
        ['alice', 'bob'],
        ['bob', 'gina'],
        ['gina', 'alice'],
      ]) {
        const find = (username: string | undefined) =>
          answers.find((answer) => answer.ask === ask && answer.caller.username === username);
        const [one, other] = [find(mine), find(others)];
        if (one === undefined || other === undefined) throw new Error(`Nobody asked for ${ask}.`);
        const swapped = answers.map((answer) =>
          answer === one ? { ...answer, content: other.content } : answer,
        );
        expect(swapped.filter((answer) => !isRight(answer))).toHaveLength(1);
      }
    }
    const [foreign] = answers.filter(({ ask }) => ask === 'foreign');
    const [own] = answers.filter(({ ask }) => ask === 'own');
    expect(isRight({ ...(foreign as Answered), content: own?.content, toolError: undefined })).toBe(false);
  });

  it(
    verifies(
      ['rs:user', 'op:audit', 'rs:multi-issuer'],
      'stand in all three audits under the right user and tenant',
    ),
    async () => {
      const asked = new Map(
        answers.map(({ caller, evidence }) => [evidence.headers.traceparent.split('-')[1], caller]),
      );
      /** Records of calls on behalf of a user, by part; those that name somebody else on their own. */
      const tally = () => {
        const counts = { 'mcp-server': 0, broker: 0, 'downstream-api': 0 };
        const wrong: unknown[] = [];
        for (const part of Object.keys(counts) as (keyof typeof counts)[]) {
          for (const { trace_id, user, tenant } of auditRecords(auditFiles[part])) {
            const caller = asked.get(String(trace_id));
            if (caller === undefined || user === undefined) continue;
            counts[part] += 1;
            const seen = { user, tenant };
            const right = {
              user: { issuer: issuerOf(platform, caller.username), key: caller.sub },
              tenant: caller.tenant,
            };
            if (!isDeepStrictEqual(seen, right)) wrong.push({ part, trace_id, seen, right });
          }
        }
        return { counts, wrong };
      };
      const exchanged = answers.filter(({ ask }) => ask !== 'whoami').length;
      // An authorization and a call for each.
      const expected = { 'mcp-server': 2 * answers.length, broker: exchanged, 'downstream-api': exchanged };
      await expect.poll(() => tally().counts, { timeout: 10_000, interval: 500 }).toEqual(expected);
      expect(tally().wrong).toEqual([]);
    },
  );

  it(
    verifies(
      ['tb:cache-key', 'tb:upstream-credential'],
      'cost one exchange for each token, at the user’s own realm',
    ),
    async () => {
      for (const { username, sub } of callers) {
        const exchanges = await eventsOf(
          realmOf(platform, username),
          'TOKEN_EXCHANGE',
          sessions.get(username) ?? {},
        );
        expect(exchanges.every(({ userId }) => userId === sub)).toBe(true);
        expect(exchanges).toHaveLength(rounds / renewedEvery);
      }
    },
  );
});

import { verifies } from '@mcp-obo/testbed/verifies';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createReplicaModel, type ReplicaModel } from './replica-model.ts';

const replicas = 2;
const replica = fc.nat(replicas - 1);
// Mostly the same, so that steps meet.
const mostly = (usual: string, other: string) =>
  fc.oneof({ weight: 9, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: fc.constant(other) });
const user = mostly('alice', 'bob');
const scope = mostly('api:expenses.read', 'api:expenses.write');
const act = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constant('request' as const), replica, user, scope }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('evict' as const), replica, user }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('challenge' as const), replica, user, scope }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('part' as const), replica }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('join' as const), replica }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('revoke' as const), user }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('pass' as const), seconds: fc.integer({ min: 1, max: 200 }) }),
  },
);
type Act = typeof act extends fc.Arbitrary<infer A> ? A : never;

function perform(model: ReplicaModel, one: Act): void {
  if (one.do === 'request') void model.request(one.replica, one.user, one.scope);
  if (one.do === 'challenge') void model.request(one.replica, one.user, one.scope, '{"a":1}');
  if (one.do === 'evict') void model.evict(one.replica, one.user);
  if (one.do === 'part') model.part(one.replica);
  if (one.do === 'join') model.join(one.replica);
  if (one.do === 'revoke') model.revoke(one.user);
  if (one.do === 'pass') model.pass(one.seconds);
}

/** Each act begins when the scheduler likes, in order; then everything that began comes to its end. */
async function play(scheduler: fc.Scheduler, model: ReplicaModel, acts: readonly Act[]): Promise<void> {
  scheduler.scheduleSequence(
    acts.map((one) => ({ label: one.do, builder: async () => perform(model, one) })),
  );
  await scheduler.waitIdle();
}

/** Answers that were served although the replica knew, when the request began, that older ones must not be. */
function tooOld({ served, barriers }: ReplicaModel) {
  return served.filter(({ answer, replica: at, begun, user: who, scope: what }) =>
    barriers.some(
      (barrier) =>
        answer !== undefined &&
        barrier.user === who &&
        (barrier.scope === undefined || barrier.scope === what) &&
        (barrier.knownTo[at] ?? Infinity) < begun &&
        answer.asked < barrier.from,
    ),
  );
}

/** Tokens that were served by a replica that knew before that its user is revoked. */
function inSpiteOfRevocation({ served, revoked }: ReplicaModel) {
  return served.filter(
    ({ answer, user: who, replica: at, ended }) =>
      answer !== undefined && (revoked[at]?.get(who) ?? Infinity) < ended,
  );
}

/** Refusals that no fault of the issuer explains: none that came after the request began, and none that it joined. */
function rememberedFaults({ served, answers, revoked }: ReplicaModel) {
  const refused = served.filter(
    ({ answer, user: who, replica: at }) => answer === undefined && revoked[at]?.has(who) !== true,
  );
  const told = refused.filter(({ user: who, scope: what, begun }) =>
    answers.some(
      (one) => one.failed === true && one.user === who && one.scope === what && (one.ended ?? 0) > begun,
    ),
  );
  return refused.filter(
    (one) =>
      !told.includes(one) &&
      !told.some(
        (first) =>
          first.replica === one.replica &&
          first.user === one.user &&
          first.scope === one.scope &&
          first.begun < one.begun &&
          one.begun < first.ended,
      ),
  );
}

const runs = { numRuns: 500 };

/** In the store, by the news in each process, and in the one that evicts also before and after. */
const noticed = 1 + replicas + 2;

describe('two processes on one store, in any order of their steps', () => {
  it(
    verifies(
      ['tb:revocation', 'tb:cache-key', 'tb:cache-ttl', 'tb:negative'],
      'never serve what was obtained before an eviction or a claims challenge they know of, what is revoked or has ended, or another’s, and remember no fault',
    ),
    async () => {
      let [evictions, hits] = [0, 0];
      await fc.assert(
        fc.asyncProperty(
          fc.scheduler(),
          fc.array(act, { minLength: 10, maxLength: 50, size: 'max' }),
          fc.infiniteStream(fc.boolean()),
          async (scheduler, acts, faults) => {
            const fails = () => faults.next().value === true;
            const model = createReplicaModel(scheduler, { replicas, fails: () => fails() && fails() });
            await play(scheduler, model, acts);
            expect(model.open()).toBe(0);
            expect(tooOld(model)).toEqual([]);
            expect(inSpiteOfRevocation(model)).toEqual([]);
            expect(rememberedFaults(model)).toEqual([]);
            for (const { answer, user: who, scope: what, left } of model.served) {
              if (answer === undefined) continue;
              expect([answer.user, answer.scope]).toEqual([who, what]);
              expect(left ?? Infinity).toBeGreaterThan(0);
            }
            evictions += model.barriers.length;
            hits += model.served.filter(({ left }) => left !== undefined).length;
          },
        ),
        { numRuns: 1000 },
      );
      // The runs were about something.
      expect(evictions).toBeGreaterThan(100);
      expect(hits).toBeGreaterThan(100);
    },
  );

  it(
    verifies('tb:single-flight', 'ask the issuer once for each different request while nothing fails'),
    async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.scheduler(),
          fc.array(fc.record({ do: fc.constant('request' as const), replica, user, scope }), {
            maxLength: 30,
          }),
          async (scheduler, acts) => {
            const model = createReplicaModel(scheduler, { replicas, fails: () => false });
            await play(scheduler, model, acts);
            const different = new Set(acts.map(({ user: who, scope: what }) => `${who} ${what}`));
            expect(model.answers).toHaveLength(different.size);
            expect(model.served.every(({ answer }) => answer !== undefined)).toBe(true);
            expect(model.served).toHaveLength(acts.length);
          },
        ),
        runs,
      );
    },
  );

  it(
    verifies('tb:single-flight', 'ask at most once more each time that an eviction is noticed anywhere'),
    async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.scheduler(),
          fc.array(
            fc.oneof(
              {
                weight: 8,
                arbitrary: fc.record({ do: fc.constant('request' as const), replica, user, scope }),
              },
              { weight: 1, arbitrary: fc.record({ do: fc.constant('evict' as const), replica, user }) },
            ),
            { maxLength: 40 },
          ),
          async (scheduler, acts) => {
            const model = createReplicaModel(scheduler, { replicas, fails: () => false });
            await play(scheduler, model, acts);
            for (const who of ['alice', 'bob'])
              for (const what of ['api:expenses.read', 'api:expenses.write']) {
                const asked = model.answers.filter((one) => one.user === who && one.scope === what);
                const evictions = acts.filter((one) => one.do === 'evict' && one.user === who);
                expect(asked.length).toBeLessThanOrEqual(1 + noticed * evictions.length);
              }
            expect(model.open()).toBe(0);
          },
        ),
        runs,
      );
    },
  );

  it(verifies('tb:single-flight', 'ask once more for each fault, and leave nobody waiting'), async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        fc.array(fc.record({ do: fc.constant('request' as const), replica }), { maxLength: 30 }),
        fc.array(fc.boolean(), { maxLength: 5 }),
        async (scheduler, acts, faults) => {
          const left = [...faults];
          const model = createReplicaModel(scheduler, { replicas, fails: () => left.shift() ?? false });
          await play(
            scheduler,
            model,
            acts.map((one) => ({ ...one, user: 'alice', scope: 'api:expenses.read' })),
          );
          expect(model.open()).toBe(0);
          expect(model.served).toHaveLength(acts.length);
          expect(model.answers.length).toBeLessThanOrEqual(1 + faults.filter(Boolean).length);
        },
      ),
      runs,
    );
  });
});

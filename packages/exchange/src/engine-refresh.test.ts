import { subjectKey } from '@mcp-obo/grant';
import { verifies } from '@mcp-obo/testbed/verifies';
import { describe, expect, it } from 'vitest';
import { type Bench, createBench, noon, request } from '../test/setup.ts';

// A token of 300 s is kept for 240 and fetched anew from 180 on.
const settled = () => new Promise((resolve) => setTimeout(resolve, 20));

async function busy(exp = noon + 3600) {
  const bench = createBench();
  const subject = await bench.subject({ exp });
  const ask = () => bench.engine.exchange(request(subject));
  const first = await ask();
  return { bench, subject, ask, first };
}

/** The provider answers as always, once the gate is open. */
function answerAfter({ acme }: Bench, gate: Promise<void>): void {
  acme.answerWith(async ({ form }) => {
    await gate;
    const claims = { sub: 'user-alice', aud: form.get('audience'), scope: form.get('scope') };
    return { access_token: await acme.issuer.mint(claims), token_type: 'Bearer', expires_in: 300 };
  });
}

const counted = (bench: Bench, action: 'refresh' | 'stored') =>
  bench.events.filter((event) => event.type === 'cache' && event.action === action).length;
const refreshes = (bench: Bench) => counted(bench, 'refresh');

describe('a busy entry near its end', () => {
  it(verifies('tb:cache-ttl', 'is served at once and fetched anew in the background, once'), async () => {
    const { bench, ask, first } = await busy();
    const gate = Promise.withResolvers<void>();
    answerAfter(bench, gate.promise);
    bench.time.now += 181;
    for (const token of await Promise.all(Array.from({ length: 50 }, ask)))
      expect(token).toEqual({ ...first, source: 'cache' });
    gate.resolve();
    await expect.poll(() => counted(bench, 'stored'), { timeout: 10_000 }).toBe(2);
    expect([bench.acme.requests.length, refreshes(bench)]).toEqual([2, 1]);
    bench.time.now += 100;
    const later = await ask();
    expect(later.source).toBe('cache');
    expect(later.accessToken).not.toBe(first.accessToken);
    expect(bench.acme.requests).toHaveLength(2);
  });

  it(verifies('tb:cache-ttl', 'is left alone before, and when nobody uses it'), async () => {
    const { bench, ask } = await busy();
    bench.time.now += 179;
    await ask();
    await settled();
    expect(bench.acme.requests).toHaveLength(1);
    bench.time.now += 60;
    await settled();
    expect(bench.acme.requests).toHaveLength(1);
  });

  it.each([
    ['ends as soon as the answer', 300],
    ['ends soon after it', 350],
  ])(verifies('tb:cache-ttl', 'is never fetched anew when the subject token %s'), async (_when, life) => {
    const { bench, ask } = await busy(noon + life);
    bench.time.now += 200;
    await ask();
    await settled();
    expect(bench.acme.requests).toHaveLength(1);
  });

  it(
    verifies('tb:cache-ttl', 'never lives beyond the subject token, however often it is renewed'),
    async () => {
      const { bench, subject, ask } = await busy(noon + 700);
      for (let step = 0; step < 69; step += 1) {
        const token = await ask();
        expect(token.expiresAt).toBeLessThanOrEqual(subject.grant.expiresAt);
        await settled();
        bench.time.now += 10;
      }
      expect(refreshes(bench)).toBeGreaterThan(0);
      bench.time.now = noon + 701;
      await expect(ask()).rejects.toMatchObject({ reason: 'subject_expired' });
    },
  );

  it('is served on when the provider is away, which is not asked at each use', async () => {
    const { bench, ask, first } = await busy();
    bench.acme.answerWith(() => Promise.reject(new Error('away')));
    bench.time.now += 181;
    for (let index = 0; index < 20; index += 1) {
      expect((await ask()).accessToken).toBe(first.accessToken);
      await settled();
    }
    const asked = bench.acme.requests.length;
    expect(refreshes(bench)).toBe(1);
    bench.time.now += 6;
    await ask();
    await settled();
    expect(bench.acme.requests.length).toBeGreaterThan(asked);
    expect(refreshes(bench)).toBe(2);
  });

  it(verifies('tb:negative', 'ends when the provider refuses the subject meanwhile'), async () => {
    const { bench, ask } = await busy();
    bench.acme.answerWith(() => Response.json({ error: 'invalid_grant' }, { status: 400 }));
    bench.time.now += 181;
    expect((await ask()).source).toBe('cache');
    await settled();
    await expect(ask()).rejects.toMatchObject({ code: 'invalid_token', reason: 'subject_refused' });
  });

  it('does not come back when it was evicted while it was fetched anew', async () => {
    const { bench, subject, ask } = await busy();
    const gate = Promise.withResolvers<void>();
    answerAfter(bench, gate.promise);
    bench.time.now += 181;
    await ask();
    await settled();
    const { issuer, user } = subject.grant;
    expect(await bench.engine.evictByTag(subjectKey('user', issuer, user?.key ?? ''))).toBe(1);
    bench.acme.answerWith(undefined);
    gate.resolve();
    await settled();
    expect((await ask()).source).toBe('exchange');
  });
});

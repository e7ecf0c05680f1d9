import { subjectKey } from '@mcp-obo/grant';
import { generic } from '@mcp-obo/idp-profile';
import { verifies } from '@mcp-obo/testbed/verifies';
import { describe, expect, it } from 'vitest';
import { payloadOf } from '../test/fake-idp.ts';
import { type Bench, createBench, noon, request } from '../test/setup.ts';

const refuse = (error: string, status = 400, more: object = {}, headers: Record<string, string> = {}) =>
  Response.json({ error, ...more }, { status, headers });

/** The error of a request, as far as a client can see it. */
async function refusal(bench: Bench, over: Parameters<typeof request>[0], more = {}): Promise<object> {
  return bench.engine.exchange(request(over, more)).then(
    () => ({}),
    ({ code, reason, status, message, params }) => ({ code, reason, status, message, params }),
  );
}

const actions = (bench: Bench) =>
  bench.events.flatMap((event) => (event.type === 'cache' ? [event.action] : []));

describe('a refusal that would come again', () => {
  it.each([
    ['of the subject', () => refuse('invalid_grant'), 'invalid_token'],
    ['for want of consent', () => refuse('consent_required'), 'consent_required'],
    [
      'until the user does something',
      () => refuse('interaction_required', 400, { suberror: 'x' }),
      'interaction_required',
    ],
    [
      'with a claims challenge',
      () => refuse('interaction_required', 400, { claims: '{"access_token":{}}' }),
      'insufficient_claims',
    ],
    ['of the access', () => refuse('access_denied', 403), 'access_denied'],
    ['of the scope', () => refuse('invalid_scope'), 'invalid_scope'],
  ])(
    verifies('tb:negative', '%s is remembered: 200 requests, one call, and the same answer each time'),
    async (_what, answer, code) => {
      const bench = createBench();
      const subject = await bench.subject();
      bench.acme.answerWith(answer);
      const first = await refusal(bench, subject);
      expect(first).toMatchObject({ code });
      for (let index = 1; index < 200; index += 1) expect(await refusal(bench, subject)).toEqual(first);
      expect(bench.acme.requests).toHaveLength(1);
      expect(actions(bench).filter((action) => action === 'negative')).toHaveLength(199);
    },
  );

  it.each([
    ['an unreachable provider', () => Promise.reject(new Error('reset'))],
    ['a fault', () => refuse('server_error', 500)],
    ['a flood', () => refuse('temporarily_unavailable', 429, {}, { 'retry-after': '1' })],
    ['a refused registration', () => refuse('invalid_client', 401)],
    ['an unknown target', () => refuse('invalid_target')],
    ['an answer that cannot be used', () => new Response('<html>', { status: 200 })],
    ['a token for somebody else', async () => ({ access_token: 'x', token_type: 'Bearer', expires_in: 60 })],
  ])(verifies('tb:negative', '%s is not: it may be over the next moment'), async (_what, answer) => {
    const bench = createBench();
    const subject = await bench.subject();
    bench.acme.answerWith(answer);
    await refusal(bench, subject);
    bench.time.now += 2;
    const asked = bench.acme.requests.length;
    await refusal(bench, subject);
    expect(bench.acme.requests.length).toBeGreaterThan(asked);
    expect(actions(bench)).not.toContain('negative');
  });

  it(verifies('tb:negative', 'is forgotten after its time, and a remedy works'), async () => {
    const bench = createBench();
    const subject = await bench.subject();
    bench.acme.answerWith(() => refuse('consent_required'));
    await refusal(bench, subject);
    bench.acme.answerWith(undefined);
    bench.time.now += 29;
    expect(await refusal(bench, subject)).toMatchObject({ code: 'consent_required' });
    bench.time.now += 1;
    expect((await bench.engine.exchange(request(subject))).source).toBe('exchange');
  });

  it(verifies('tb:negative', 'is of one request: scopes, users and tokens do not share it'), async () => {
    const bench = createBench();
    const alice = await bench.subject({ scope: 'expenses:read expenses:write' });
    bench.acme.answerWith(() => refuse('consent_required'));
    await refusal(bench, alice);
    await refusal(bench, alice, { scopes: ['api:expenses.write'] });
    await refusal(bench, await bench.subject({ sub: 'user-bob' }));
    await refusal(bench, await bench.subject({ scope: 'expenses:read expenses:write' }));
    expect(bench.acme.requests).toHaveLength(4);
  });

  it.each(['user', 'session', 'token'] as const)(
    verifies('tb:negative', 'is forgotten when what was obtained with its %s is evicted'),
    async (kind) => {
      const bench = createBench();
      const subject = await bench.subject({ jti: 'jti-1', sid: 'sid-1' });
      bench.acme.answerWith(() => refuse('consent_required'));
      await refusal(bench, subject);
      bench.acme.answerWith(undefined);
      const { issuer, user, session = '', tokenId } = subject.grant;
      const value = { user: user?.key ?? '', session, token: tokenId }[kind];
      await bench.engine.evictByTag(subjectKey(kind, issuer, value));
      expect((await bench.engine.exchange(request(subject))).source).toBe('exchange');
    },
  );

  it(verifies('tb:negative', 'ends with the subject token'), async () => {
    const bench = createBench();
    const subject = await bench.subject({ exp: noon + 10 });
    bench.acme.answerWith(() => refuse('access_denied', 403));
    await refusal(bench, subject);
    bench.time.now += 11;
    expect(await refusal(bench, subject)).toMatchObject({ reason: 'subject_expired' });
  });

  it(verifies('tb:negative', 'is shared with the other processes'), async () => {
    const first = createBench();
    const second = createBench({ cache: () => first.cache });
    const subject = await first.subject();
    first.acme.answerWith(() => refuse('consent_required'));
    const error = await refusal(first, subject);
    expect(await refusal(second, subject)).toEqual(error);
    expect(second.acme.requests).toHaveLength(0);
  });

  it(verifies('tb:negative', 'can be switched off'), async () => {
    const bench = createBench({ negativeSeconds: 0 });
    const subject = await bench.subject();
    bench.acme.answerWith(() => refuse('consent_required'));
    await refusal(bench, subject);
    await refusal(bench, subject);
    expect(bench.acme.requests).toHaveLength(2);
  });

  it(verifies('tb:negative', 'of a claims challenge is remembered for that challenge alone'), async () => {
    const bench = createBench();
    const subject = await bench.subject();
    bench.acme.answerWith(({ form }) =>
      form.has('claims') ? refuse('interaction_required') : Promise.reject(new Error('fault')),
    );
    for (const _ of [1, 2, 3]) await refusal(bench, subject, { claims: '{"a":1}' });
    expect(bench.acme.requests).toHaveLength(1);
    await refusal(bench, subject, { claims: '{"a":2}' });
    expect(bench.acme.requests).toHaveLength(2);
    bench.acme.answerWith(undefined);
    const { accessToken } = await bench.engine.exchange(request(subject));
    expect(payloadOf(accessToken).sub).toBe('user-alice');
  });

  it(verifies('tb:negative', 'E07 a request loop is left alone for as long as Entra says'), async () => {
    const bench = createBench({ profile: { ...generic, name: 'entra' } });
    const subject = await bench.subject();
    bench.acme.answerWith(() =>
      refuse('invalid_grant', 400, { error_codes: [50196] }, { 'retry-after': '40' }),
    );
    for (const _ of [1, 2, 3])
      expect(await refusal(bench, subject)).toMatchObject({ reason: 'upstream_loop' });
    expect(bench.acme.requests).toHaveLength(1);
    bench.time.now += 25;
    const again = bench.engine.exchange(request(subject));
    await expect(again).rejects.toMatchObject({ status: 503, retryAfter: 15 });
    bench.time.now += 16;
    await refusal(bench, subject);
    expect(bench.acme.requests).toHaveLength(2);
  });
});

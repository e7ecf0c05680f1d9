import { setImmediate } from 'node:timers/promises';
import { createRecordingMeter } from '@mcp-obo/testbed/recording-meter';
import { verifies } from '@mcp-obo/testbed/verifies';
import { describe, expect, it, vi } from 'vitest';
import { refusal } from './fake-idp.ts';
import { basic, createFixture } from './fixture.ts';

const { meter, points } = createRecordingMeter();
const { acme, exchange, subject, time } = await createFixture({ meter });

/** The metrics that the work counts, without its values. */
async function countedBy(work: () => Promise<unknown>): Promise<readonly (readonly unknown[])[]> {
  const before = points.length;
  await work();
  return points.slice(before).map(({ name, labels }) => [name, labels]);
}

const namesSince = (before: number) => points.slice(before).map(({ name }) => name);
const isAccepted = (name: string) => name === 'mcp_auth_success_total';
const latency = (outcome: string) => ['mcp_obo_exchange_latency_ms', { target: 'expenses-api', outcome }];
const cache = (event: string) => ['mcp_obo_cache_total', { event }];
const idp = (outcome: string) => [
  'mcp_idp_response_time_ms',
  { issuer: acme.issuer, operation: 'exchange', outcome },
];
const accepted = ['mcp_auth_success_total', { tenant: 'acme' }];
const refused = (reason: string) => ['mcp_auth_failure_total', { reason }];

describe('the metrics', () => {
  it(verifies('op:metrics', 'tell a miss, with what the issuer took, from a hit'), async () => {
    const subject_token = await subject();
    const miss = await countedBy(() => exchange({ subject_token }));
    expect(miss).toContainEqual(['mcp_jwks_refresh_total', { issuer: acme.issuer, outcome: 'ok' }]);
    expect(miss.filter(([name]) => name !== 'mcp_jwks_refresh_total')).toEqual([
      accepted,
      cache('miss'),
      idp('ok'),
      latency('exchange'),
    ]);
    const hit = await countedBy(() => exchange({ subject_token }));
    expect(hit).toEqual([accepted, cache('hit'), latency('cache')]);
  });

  it(verifies('op:metrics', 'count who was refused, by reason'), async () => {
    const wrong = { headers: { authorization: basic('mcp-server', 'wrong') } };
    expect(await countedBy(() => exchange({}, wrong))).toEqual([refused('client_secret')]);
    const expired = await subject({ iat: time.now - 400, exp: time.now - 60 });
    expect(await countedBy(() => exchange({ subject_token: expired }))).toEqual([refused('expired')]);
    const form = { subject_token: await subject(), scope: 'api:expenses.approve' };
    expect(await countedBy(() => exchange(form))).toEqual([accepted, latency('invalid_scope')]);
  });

  it.each([
    ['a refusal', 400, 'invalid_grant', 'refused', 'invalid_token'],
    ['a fault', 500, 'server_error', 'fault', 'temporarily_unavailable'],
    ['an answer of no use', 400, 'no_such_error', 'fault', 'bad_gateway'],
  ])(verifies('op:metrics', 'call %s of the issuer by its name'), async (_what, status, error, at, code) => {
    acme.answerWith(() => refusal(status, error));
    const subject_token = await subject();
    const counted = await countedBy(() => exchange({ subject_token }));
    acme.answerWith(undefined);
    expect(counted).toEqual([accepted, cache('miss'), idp(at), latency(code)]);
  });

  it(verifies('op:metrics', 'count requests that share one exchange'), async () => {
    const subject_token = await subject();
    const before = points.length;
    acme.answerWith(async (request) => {
      // Not before the second request is on its way to the exchange that the first one began.
      await vi.waitFor(() => expect(namesSince(before).filter(isAccepted)).toHaveLength(2), 10_000);
      await setImmediate();
      return acme.mintAnswer(request);
    });
    const twice = await countedBy(() =>
      Promise.all([exchange({ subject_token }), exchange({ subject_token })]),
    );
    acme.answerWith(undefined);
    for (const outcome of ['exchange', 'shared']) expect(twice).toContainEqual(latency(outcome));
    expect(twice).toContainEqual(cache('shared'));
  });

  it(verifies(['op:metrics', 'tb:retry'], 'tell when the breaker of an issuer opens'), async () => {
    const broken = await createFixture({ meter });
    broken.acme.answerWith(() => refusal(500, 'server_error'));
    const counted = await countedBy(async () => {
      for (let index = 0; index < 5; index += 1)
        expect((await broken.exchange({ subject_token: await broken.subject() })).statusCode).toBe(503);
    });
    const asked = broken.acme.requests.length;
    const refusedAtOnce = await broken.exchange({ subject_token: await broken.subject() });
    expect([refusedAtOnce.statusCode, refusedAtOnce.headers['retry-after']]).toEqual([503, '5']);
    expect(broken.acme.requests).toHaveLength(asked);
    expect(counted).toContainEqual(['mcp_idp_breaker_state', { issuer: broken.acme.issuer }]);
    await broken.app.close();
  });

  it('have no user and no token as a label', () => {
    expect(points.length).toBeGreaterThan(20);
    const text = JSON.stringify(points);
    for (const secret of ['user-alice', 'eyJ']) expect(text).not.toContain(secret);
  });
});

import { verifies } from '@mcp-obo/testbed/verifies';
import { beforeEach, describe, expect, it } from 'vitest';
import { refusal } from './fake-idp.ts';
import { createFixture, type Fixture, jwtBearer } from './fixture.ts';

let fixture: Fixture;
beforeEach(async () => {
  fixture = await createFixture();
});

/** What the issuer says in words; it stays inside. */
const innerText = 'AADSTS50013';

function refused(status: number, error: string, more: object = {}): Response {
  return refusal(status, error, { error_description: `${innerText}: of alice`, ...more });
}

/** What the issuer says, and what the broker then says in RFC 8693 and in the shape of Entra ID. */
const rows: readonly (readonly [
  string,
  () => Response,
  readonly [number, string],
  readonly [number, string],
])[] = [
  [
    'a subject it refuses',
    () => refused(400, 'invalid_grant'),
    [400, 'invalid_request'],
    [400, 'invalid_grant'],
  ],
  [
    'a subject it calls a bad request',
    () => refused(400, 'invalid_request'),
    [400, 'invalid_request'],
    [400, 'invalid_grant'],
  ],
  [
    'E01: missing consent',
    () => refused(400, 'consent_required'),
    [400, 'consent_required'],
    [400, 'invalid_grant'],
  ],
  [
    'a user who must interact',
    () => refused(400, 'interaction_required'),
    [400, 'interaction_required'],
    [400, 'interaction_required'],
  ],
  [
    'a claims challenge',
    () => refused(400, 'interaction_required', { claims: '{"access_token":{}}' }),
    [400, 'insufficient_claims'],
    [400, 'interaction_required'],
  ],
  ['a user it denies', () => refused(400, 'access_denied'), [403, 'access_denied'], [403, 'access_denied']],
  [
    'a scope it does not give',
    () => refused(400, 'invalid_scope'),
    [400, 'invalid_scope'],
    [400, 'invalid_scope'],
  ],
  ['our credential', () => refused(401, 'invalid_client'), [500, 'server_error'], [500, 'server_error']],
  [
    'a target it does not know',
    () => refused(400, 'invalid_target'),
    [500, 'server_error'],
    [500, 'server_error'],
  ],
  [
    'P05: too many requests',
    () => Response.json({}, { status: 429, headers: { 'retry-after': '17' } }),
    [503, 'temporarily_unavailable'],
    [503, 'temporarily_unavailable'],
  ],
  [
    'a fault',
    () => refused(500, 'server_error'),
    [503, 'temporarily_unavailable'],
    [503, 'temporarily_unavailable'],
  ],
  [
    'P02: HTML',
    () => new Response('<html>', { headers: { 'content-type': 'text/html' } }),
    [502, 'server_error'],
    [502, 'server_error'],
  ],
  [
    'P02: broken JSON',
    () => new Response('{"access', { headers: { 'content-type': 'application/json' } }),
    [502, 'server_error'],
    [502, 'server_error'],
  ],
  [
    'an error that is none',
    () => refused(400, 'no_such_error'),
    [502, 'server_error'],
    [502, 'server_error'],
  ],
];

describe('an identity provider that answers with', () => {
  it.each(rows)(
    verifies('tb:error-map', '%s is told as the RFC of the request says'),
    async (_what, answer, rfc8693, rfc7523) => {
      fixture.acme.answerWith(answer);
      const exchanged = await fixture.exchange({});
      expect([exchanged.statusCode, exchanged.json().error]).toEqual(rfc8693);
      const obo = await fixture.post({
        grant_type: jwtBearer,
        requested_token_use: 'on_behalf_of',
        assertion: await fixture.subject(),
        scope: 'api://expenses/.default',
      });
      expect([obo.statusCode, obo.json().error]).toEqual(rfc7523);
      expect(exchanged.body + obo.body).not.toContain(innerText);
    },
  );

  it(verifies('tb:error-map', 'a refused subject is told apart from a bad request by suberror'), async () => {
    fixture.acme.answerWith(() => refusal(400, 'invalid_grant'));
    expect((await fixture.exchange({})).json().suberror).toBe('subject_refused');
    expect((await fixture.exchange({ subject_token_type: '' })).json()).not.toHaveProperty('suberror');
  });

  it(verifies('tb:error-map', 'P05: Retry-After passes it on'), async () => {
    fixture.acme.answerWith(() => Response.json({}, { status: 429, headers: { 'retry-after': '17' } }));
    expect((await fixture.exchange({})).headers['retry-after']).toBe('17');
  });

  it(
    verifies('tb:error-map', 'a refusal of our own credential raises an alarm and names no one'),
    async () => {
      fixture.acme.answerWith(() => refusal(401, 'invalid_client'));
      const response = await fixture.exchange({});
      expect(Object.keys(response.json())).toEqual(['error', 'error_description']);
      const alarms = fixture.log.map((line) => JSON.parse(line)).filter((line) => line.alarm === true);
      expect(alarms).toMatchObject([{ level: 'error', reason: 'upstream_credential', client: 'mcp-server' }]);
    },
  );
});

describe('an identity provider that does not answer', () => {
  it.each([
    ['P04: refuses the connection', () => Promise.reject(new TypeError('fetch failed'))],
    [
      'P04: breaks off',
      () =>
        Promise.resolve(
          new Response(new ReadableStream({ start: (body) => body.error(new Error('RST')) }), {
            headers: { 'content-type': 'application/json' },
          }),
        ),
    ],
  ])(verifies('tb:error-map', '%s: 503 with Retry-After'), async (_what, handler) => {
    fixture.acme.answerWith(handler);
    const response = await fixture.exchange({});
    expect([response.statusCode, response.json().error]).toEqual([503, 'temporarily_unavailable']);
    expect(Number(response.headers['retry-after'])).toBeGreaterThan(0);
  });

  it(verifies('tb:error-map', 'P04: hangs: 503 inside the deadline'), async () => {
    const slow = await createFixture({ config: { network: { timeout_seconds: 1 } } });
    slow.acme.answerWith(({ signal }) => untilAborted(signal));
    const response = await slow.exchange({});
    expect([response.statusCode, response.json().error]).toEqual([503, 'temporarily_unavailable']);
  });
});

function untilAborted(signal: AbortSignal | null | undefined): Promise<Response> {
  return new Promise((_, reject) => {
    signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}

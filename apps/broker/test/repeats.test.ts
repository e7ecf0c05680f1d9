import { createRecordingMeter } from '@mcp-obo/testbed/recording-meter';
import { verifies } from '@mcp-obo/testbed/verifies';
import { describe, expect, it } from 'vitest';
import { asMcpServer, basic, createFixture, type FixtureOptions } from './fixture.ts';
import { brokerSettings } from './settings.ts';

/** A broker that has answered the same request three times: from the issuer, from memory, and in short. */
async function answeredBefore(options: FixtureOptions = {}) {
  const fixture = await createFixture(options);
  const subject_token = await fixture.subject();
  const ask = (headers: Readonly<Record<string, string>> = asMcpServer) =>
    fixture.exchange({ subject_token }, { headers });
  for (let n = 0; n < 3; n++) expect((await ask()).statusCode).toBe(200);
  return { ...fixture, subject_token, ask };
}

const settings = await brokerSettings('https://idp.example/acme', 'https://idp.example/globex');

describe('a request that was answered before', () => {
  it(verifies('op:audit', 'leaves the record and the figures of any other'), async () => {
    const { meter, points } = createRecordingMeter();
    const { audit, ask } = await answeredBefore({ meter });
    const counted = (from: number) => points.slice(from);
    const [, second, third] = audit.map((line) => JSON.parse(line));
    expect(third).toEqual(second);
    const before = points.length;
    await ask();
    expect(counted(before).map(({ name }) => name)).toEqual(
      expect.arrayContaining([
        'mcp_auth_success_total',
        'mcp_obo_cache_total',
        'mcp_obo_exchange_latency_ms',
      ]),
    );
  });

  it(
    verifies('tb:cache-ttl', 'is told what remains of the token, and is exchanged anew after it'),
    async () => {
      const { ask, time, acme } = await answeredBefore();
      const { expires_in } = (await ask()).json();
      time.now += 100;
      expect((await ask()).json().expires_in).toBe(expires_in - 100);
      expect(acme.requests).toHaveLength(1);
      time.now += 300;
      expect((await ask()).json()).toMatchObject({ error: 'invalid_request', suberror: 'subject_refused' });
    },
  );

  it(verifies('tb:revocation', 'is refused once its subject token is revoked'), async () => {
    const { ask, post, subject_token } = await answeredBefore();
    expect((await post({ token: subject_token }, { url: '/revoke' })).statusCode).toBe(200);
    expect((await ask()).json()).toMatchObject({ error: 'invalid_request', suberror: 'subject_refused' });
  });

  it(verifies('tb:revocation', 'gets no token that was revoked'), async () => {
    const { ask, post } = await answeredBefore();
    const { access_token: token } = (await ask()).json();
    expect((await post({ token }, { url: '/revoke' })).statusCode).toBe(200);
    expect((await ask()).json().access_token).not.toBe(token);
  });

  it.each([
    ['another secret', basic('mcp-server', 'secret of mcp-servex')],
    ['another client', basic('reports-server', 'secret of mcp-server')],
    ['no secret', basic('mcp-server', '')],
  ])(verifies('tb:client-auth', 'is refused with %s'), async (_what, authorization) => {
    const { ask } = await answeredBefore();
    const answer = await ask({ authorization });
    expect([answer.statusCode, answer.json().error]).toEqual([401, 'invalid_client']);
  });

  it(verifies('tb:client-auth', 'is refused once the secret is another'), async () => {
    const { ask, reload } = await answeredBefore();
    const [server, ...others] = settings.clients as { id: string }[];
    const auth = { method: 'client_secret', secret: { value: 'the next secret' } };
    reload({ clients: [{ ...server, auth }, ...others] });
    expect((await ask()).statusCode).toBe(401);
    expect((await ask({ authorization: basic('mcp-server', 'the next secret') })).statusCode).toBe(200);
  });

  it(verifies('tb:policy', 'is refused once the policy allows it no more'), async () => {
    const { ask, reload } = await answeredBefore();
    const { rules } = settings.policy as { rules: { scopes: string[] }[] };
    reload({
      policy: { version: '1', rules: rules.filter(({ scopes }) => scopes[0] !== 'api:expenses.read') },
    });
    expect((await ask()).json().error).toBe('invalid_scope');
  });
});

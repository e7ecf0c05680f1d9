import { verifies } from '@mcp-obo/testbed/verifies';
import { afterAll, describe, expect, it } from 'vitest';
import { invalidRequest, invalidToken, loginChallenge, refusalOf, verdict } from './fixture/answers.ts';
import { rawRequest, sendRaw } from './fixture/http.ts';
import { jsonHeaders, startResourceServer } from './fixture/resource-server.ts';

// Configured by environment variables alone, as the guides deploy it.
const server = await startResourceServer();
afterAll(server.close);

const body = JSON.stringify({
  jsonrpc: '2.0',
  id: 1,
  method: 'tools/call',
  params: { name: 'whoami', arguments: {} },
});
const fixedHeaders = [
  `Host: 127.0.0.1:${server.port}`,
  ...Object.entries(jsonHeaders).map(([name, value]) => `${name}: ${value}`),
  `Content-Length: ${body.length}`,
];
const raw = (headers: readonly string[], path = '/mcp') =>
  sendRaw(server.port, rawRequest(`POST ${path} HTTP/1.1`, [...fixedHeaders, ...headers], body));

describe('a request without a usable Authorization header', () => {
  it(verifies('rs:no-token', 'R01 no Authorization header: the bare challenge'), async () => {
    const answer = await server.send({ body });
    expect(refusalOf(answer)).toEqual({ status: 401, challenge: loginChallenge(server) });
    expect(answer.headers['www-authenticate']).not.toContain('error');
  });

  it.each(['Basic bWNwOm9ibw==', 'Negotiate abc', 'DPoP abc'])(
    verifies('rs:no-token', 'R02 another scheme is no token: %s'),
    async (authorization) => {
      expect(refusalOf(await server.send({ body, headers: { authorization } }))).toEqual({
        status: 401,
        challenge: loginChallenge(server),
      });
    },
  );

  it.each([['Bearer'], ['Bearer a b'], ['Bearer '], ['']])(
    verifies('rs:malformed', 'R03 a malformed header is the request’s fault: "%s"'),
    async (value) => {
      expect(refusalOf(await raw([`Authorization: ${value}`]))).toEqual({
        status: 400,
        challenge: invalidRequest(server),
      });
    },
  );

  it(verifies('rs:malformed', 'R04 two Authorization lines, be the first or the second valid'), async () => {
    const valid = `Authorization: Bearer ${server.remember(await server.issuer.mint())}`;
    for (const lines of [
      [valid, 'Authorization: Bearer x'],
      ['authorization: Bearer x', valid],
      [valid, valid],
    ]) {
      expect(refusalOf(await raw(lines))).toEqual({ status: 400, challenge: invalidRequest(server) });
    }
    expect((await raw([valid])).status).toBe(200);
  });

  it(verifies('rs:header-only', 'R05 a token in the query, the body or a cookie is no token'), async () => {
    const token = server.remember(await server.issuer.mint());
    const answers = [
      await server.send({ body }, `/mcp?access_token=${token}`),
      await server.send({ body, headers: { cookie: `access_token=${token}` } }),
      await server.send({ body: JSON.stringify({ access_token: token }) }),
      await server.send({
        body: `access_token=${token}`,
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
      }),
    ];
    for (const answer of answers)
      expect(refusalOf(answer)).toEqual({ status: 401, challenge: loginChallenge(server) });
  });

  it(verifies(['rs:header-only', 'rs:malformed'], 'R06 a token in header and query'), async () => {
    const token = server.remember(await server.issuer.mint());
    const headers = { authorization: `Bearer ${token}` };
    for (const query of [`access_token=${token}`, 'a=b&access_token=x', 'access%5Ftoken=x']) {
      expect(refusalOf(await server.send({ body, headers }, `/mcp?${query}`))).toEqual({
        status: 400,
        challenge: invalidRequest(server),
      });
    }
  });
});

describe('a token that is no token', () => {
  it.each(['+', '/', '=', '~', 'é', '\xff', '%00', '"', ','])(
    verifies('rs:canonical', 'R07 one word with a byte outside the alphabet, without looking for a key: %s'),
    async (byte) => {
      const fetches = server.issuer.requests.get('/default/jwks');
      const [head = '', payload, signature] = (
        await server.issuer.mint({}, { header: { kid: 'new' } })
      ).split('.');
      const token = [`${head.slice(0, -1)}${byte}`, payload, signature].join('.');
      const since = server.process.output().length;
      expect(refusalOf(await raw([`Authorization: Bearer ${token}`]))).toEqual({
        status: 401,
        challenge: invalidToken(server),
      });
      expect(await server.process.line('"token refused"', since)).toContain('"reason":"malformed"');
      expect(server.issuer.requests.get('/default/jwks')).toBe(fetches);
    },
  );

  it('R07 NUL in a header is refused by the HTTP parser (RFC 9110 §5.5)', async () => {
    const answer = await raw([`Authorization: Bearer ${await server.issuer.mint()}\0`]);
    expect(answer.status).toBe(400);
  });

  it(
    verifies('rs:size', 'R09 a token over 8 KiB, though valid, and a header block over 16 KiB'),
    async () => {
      const large = await server.issuer.mint({ filler: 'x'.repeat(6400) });
      expect(large.length).toBeGreaterThan(8192);
      expect(await verdict(server, large)).toBe('401 too_large');
      expect((await raw([`Authorization: Bearer ${'x'.repeat(17_000)}`])).status).toBe(431);
      expect(await verdict(server, await server.issuer.mint({ filler: 'x'.repeat(5000) }))).toBe(
        '200 user-1',
      );
    },
  );
});

it(verifies('op:redaction', 'R05 no part of any token of these requests is in log or audit'), () => {
  expect(server.leaks()).toEqual([]);
});

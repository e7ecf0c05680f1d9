import { verifies } from '@mcp-obo/testbed/verifies';
import { describe, expect, it } from 'vitest';
import { createPollRequest } from './poll-request.ts';

const endpoint = 'https://idp.example/poll';
const told = { ack: ['a'], setErrs: { b: { err: 'invalid_key', description: 'No.' } as const } };
const signal = new AbortController().signal;

/** Asks a transmitter that gives these answers, one after the other; what it was sent. */
function setUp(...answers: readonly Response[]) {
  const sent: { url: string; headers: Headers; body: unknown }[] = [];
  const left = [...answers];
  const request = createPollRequest({
    endpoint,
    token: async (renewed) => (renewed ? 'new' : 'old'),
    fetch: async (url, init) => {
      sent.push({
        url: String(url),
        headers: new Headers(init?.headers),
        body: JSON.parse(String(init?.body)),
      });
      return left.shift() ?? new Response('', { status: 500 });
    },
  });
  return { sent, ask: () => request(told, signal) };
}

describe('a request for security events (RFC 8936 §2.4)', () => {
  it('asks without waiting, tells what became of others, and shows a token', async () => {
    const { sent, ask } = setUp(Response.json({ sets: { c: 'token' }, moreAvailable: true }));
    expect(await ask()).toEqual({ sets: new Map([['c', 'token']]), moreAvailable: true });
    expect(sent).toMatchObject([
      { url: endpoint, body: { maxEvents: 25, returnImmediately: true, ack: ['a'], setErrs: told.setErrs } },
    ]);
    const headers = sent[0]?.headers;
    expect([headers?.get('authorization'), headers?.get('content-type')]).toEqual([
      'Bearer old',
      'application/json',
    ]);
  });

  it('takes an answer without more for all there is', async () => {
    expect(await setUp(Response.json({})).ask()).toEqual({ sets: new Map(), moreAvailable: false });
  });

  it('shows a new token when the one before is refused, once', async () => {
    const refused = () => new Response('', { status: 401 });
    const again = setUp(refused(), Response.json({ sets: {} }));
    await again.ask();
    expect(again.sent.map(({ headers }) => headers.get('authorization'))).toEqual([
      'Bearer old',
      'Bearer new',
    ]);
    const never = setUp(refused(), refused(), refused());
    await expect(never.ask()).rejects.toThrow('status 401');
    expect(never.sent).toHaveLength(2);
  });

  it.each<readonly [string, Response, string]>([
    ['a fault', new Response('', { status: 503 }), 'status 503'],
    ['a redirect', new Response('', { status: 302 }), 'status 302'],
    ['no content', new Response(null, { status: 204 }), 'status 204'],
    ['a page', new Response('<html>'), 'none of RFC 8936'],
    ['a list', Response.json([]), 'none of RFC 8936'],
    ['a list of tokens', Response.json({ sets: ['token'] }), 'none of RFC 8936'],
    ['tokens that are none', Response.json({ sets: { a: { token: 'x' } } }), 'none of RFC 8936'],
  ])(
    verifies('tb:revocation', 'rejects with %s, so that nothing counts as told'),
    async (_what, answer, message) => {
      await expect(setUp(answer).ask()).rejects.toThrow(message);
    },
  );
});

import { OAuthError } from '@mcp-obo/oauth-error';
import { verifies } from '@mcp-obo/testbed/verifies';
import { describe, expect, it } from 'vitest';
import { createArchive } from '../src/archive/archive.ts';
import { startApi } from './api.ts';

interface Script {
  /** What the broker says; a token unless told. */
  readonly refusal?: Error;
  /** What the archive answers. */
  readonly answer?: () => Response | Promise<Response>;
}

/** The API before an archive and a broker that are scripted, and what each was sent. */
async function apiWithArchive({ refusal, answer = () => Response.json({ expenses: [] }) }: Script = {}) {
  const asked: object[] = [];
  const sent: { url: string; authorization: string | null }[] = [];
  const archive = createArchive({
    url: 'https://archive.example/',
    target: 'archive-api',
    exchange: {
      async onBehalfOf(request) {
        asked.push(request);
        if (refusal !== undefined) throw refusal;
        return {
          accessToken: 'for-the-archive',
          tokenType: 'Bearer',
          expiresAt: 0,
          scopes: [],
          source: 'remote',
        };
      },
    },
    fetch: async (url, init) => {
      sent.push({ url, authorization: new Headers(init?.headers).get('authorization') });
      return answer();
    },
  });
  return { ...(await startApi({ archive })), asked, sent };
}

describe('the archive behind this API', () => {
  it(
    verifies('tb:sub-agent', 'gets a token of its own; that of this API goes to the broker alone'),
    async () => {
      const { call, token, asked, sent } = await apiWithArchive();
      const own = await token('u-alice', 'api:expenses.read');
      const { status, body } = await call('GET', '/archive/expenses?status=approved', own);
      expect([status, body]).toEqual([
        200,
        { archive: { expenses: [] }, seen: expect.objectContaining({ user: 'alice' }) },
      ]);
      expect(asked).toEqual([{ target: 'archive-api', scopes: ['api:expenses.read'], subjectToken: own }]);
      expect(sent).toEqual([
        { url: 'https://archive.example/expenses?status=approved', authorization: 'Bearer for-the-archive' },
      ]);
    },
  );

  it.each([
    ['a token without the scope', 'u-alice', 'api:expenses.write', '', 403, 'insufficient_scope'],
    ['somebody this API does not know', 'u-nobody', 'api:expenses.read', '', 403, 'unknown_person'],
    ['a status there is not', 'u-alice', 'api:expenses.read', '?status=x%26y', 400, 'invalid_request'],
  ])('is not asked for %s', async (_what, user, scope, query, status, code) => {
    const { call, token, asked, records } = await apiWithArchive();
    const answer = await call('GET', `/archive/expenses${query}`, await token(user, scope));
    expect([answer.status, answer.body.code]).toEqual([status, code]);
    expect(asked).toEqual([]);
    expect(records.at(-1)).toMatchObject({ decision: 'refuse' });
  });

  const secret = 'inner text that nobody may read';
  const faults: readonly (readonly [string, Script, number, string])[] = [
    ['the broker refuses the user', { refusal: new OAuthError('invalid_token', 'x') }, 401, 'invalid_token'],
    [
      'the broker refuses this API',
      { refusal: new OAuthError('invalid_target', secret) },
      503,
      'archive_unavailable',
    ],
    ['the broker is away', { refusal: new Error(secret) }, 503, 'archive_unavailable'],
    [
      'the archive refuses',
      { answer: () => new Response(secret, { status: 403 }) },
      503,
      'archive_unavailable',
    ],
    ['the archive answers no JSON', { answer: () => new Response(secret) }, 503, 'archive_unavailable'],
    ['the archive is away', { answer: () => Promise.reject(new Error(secret)) }, 503, 'archive_unavailable'],
  ];
  it.each(faults)('fails without inner text when %s', async (_what, script, status, code) => {
    const { call, token, lines } = await apiWithArchive(script);
    const own = await token('u-alice', 'api:expenses.read');
    const answer = await call('GET', '/archive/expenses', own);
    expect([answer.status, answer.body.code]).toEqual([status, code]);
    expect(JSON.stringify(answer.body)).not.toContain(secret);
    for (const written of [own, 'for-the-archive']) expect(lines.join()).not.toContain(written);
  });

  it('is not there unless it is configured', async () => {
    const { call, token } = await startApi();
    expect((await call('GET', '/archive/expenses', await token('u-alice', 'api:expenses.read'))).status).toBe(
      404,
    );
  });
});

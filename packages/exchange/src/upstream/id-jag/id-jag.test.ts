import { okta } from '@mcp-obo/idp-profile';
import { verifies } from '@mcp-obo/testbed/verifies';
import { describe, expect, it } from 'vitest';
import type { createFakeIdp } from '../../../test/fake-idp.ts';
import { acme, noon, resource } from '../../../test/setup.ts';
import { createWiki, idJagType, type Script, target, wikiIssuer } from '../../../test/wiki.ts';

const formOf = ({ requests }: ReturnType<typeof createFakeIdp>, index = 0) =>
  Object.fromEntries(requests[index]?.form ?? []);

describe('access to a resource of another domain', () => {
  it(
    verifies('tb:upstream-idjag', 'goes in two steps, each with the registration that belongs there'),
    async () => {
      const { idp, wiki, assertions, ask } = createWiki();
      const issued = await ask();
      expect(issued).toMatchObject({ scopes: ['wiki.read'], source: 'exchange', expiresAt: noon + 300 });
      expect(formOf(idp)).toEqual({
        grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
        subject_token: expect.any(String),
        subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
        requested_token_type: idJagType,
        audience: wikiIssuer,
        resource: target.audience,
        scope: 'wiki.read',
        client_id: resource,
        client_secret: 'secret at the identity provider',
      });
      expect(formOf(wiki)).toEqual({
        grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
        assertion: assertions[0],
        scope: 'wiki.read',
        client_id: 'mcp-at-wiki',
        client_secret: 'secret at the wiki',
      });
    },
  );

  it(
    verifies('tb:upstream-idjag', 'keeps the token and never the assertion: each token needs a new one'),
    async () => {
      const { idp, wiki, assertions, login, ask } = createWiki();
      const first = await login();
      expect((await ask(first)).source).toBe('exchange');
      expect((await ask(first)).source).toBe('cache');
      expect((await ask()).source).toBe('exchange');
      expect([idp.requests.length, wiki.requests.length, new Set(assertions).size]).toEqual([2, 2, 2]);
    },
  );

  it(verifies(['tb:upstream-idjag', 'tb:m2m'], 'asks the other side alone where no user is'), async () => {
    const { engine, idp, wiki } = createWiki();
    await engine.machine({ client: 'mcp-server', target: 'wiki', scopes: ['wiki.index'] });
    expect([idp.requests.length, formOf(wiki).grant_type]).toEqual([0, 'client_credentials']);
  });

  it(
    verifies('tb:upstream-idjag', 'knows the user of the other side by what the assertion says'),
    async () => {
      const known = createWiki({ assertion: { aud_sub: 'wiki-user-7' } });
      expect((await known.ask()).source).toBe('exchange');
      const other = createWiki({ assertion: { aud_sub: 'wiki-user-8' } });
      await expect(other.ask()).rejects.toMatchObject({ code: 'bad_gateway', reason: 'answer_user' });
    },
  );

  it(
    verifies(
      'tb:upstream-idjag',
      'reads the user of an assertion as that of an ID token: Okta names it by sub',
    ),
    async () => {
      const { ask } = createWiki({ profile: okta });
      expect((await ask()).source).toBe('exchange');
    },
  );
});

describe('an assertion is refused', () => {
  it.each([
    ['about another user', { assertion: { sub: 'user-bob' } }, 'answer_assertion_user'],
    ['about nobody', { assertion: { sub: undefined } }, 'answer_assertion_subject'],
    [
      'for another authorization server',
      { assertion: { aud: 'https://evil.example' } },
      'answer_assertion_audience',
    ],
    ['for two', { assertion: { aud: [wikiIssuer, 'https://evil.example'] } }, 'answer_assertion_audience'],
    ['for another client there', { assertion: { client_id: 'somebody-else' } }, 'answer_assertion_client'],
    ['of another issuer', { assertion: { iss: 'https://evil.example' } }, 'answer_assertion_issuer'],
    ['that is over', { assertion: { iat: noon - 600, exp: noon - 300 } }, 'answer_assertion_expired'],
    ['that is an access token', { assertionHeader: { typ: 'at+jwt' } }, 'answer_assertion_typ'],
    ['with a broken signature', { first: brokenSignature }, 'answer_assertion_signature'],
    ['that is no JWT', { first: () => assertionAnswer('opaque') }, 'answer_assertion_malformed'],
    [
      'that is called an access token',
      { first: (one) => ({ ...assertionAnswer(one), issued_token_type: undefined }) },
      'answer_token_type',
    ],
    [
      'that is said to be a bearer token',
      { first: (one) => ({ ...assertionAnswer(one), token_type: 'Bearer' }) },
      'upstream_token_type',
    ],
  ] satisfies readonly (readonly [string, Script, string])[])(
    verifies('tb:upstream-idjag', '%s, and nothing is asked of the other side'),
    async (_what, script, reason) => {
      const { wiki, ask } = createWiki(script);
      await expect(ask()).rejects.toMatchObject({ code: 'bad_gateway', reason });
      expect(wiki.requests).toHaveLength(0);
    },
  );
});

describe('a token of the other side is refused', () => {
  it.each([
    ['with a scope above the ceiling', { token: { scope: 'wiki.read wiki.write' } }, 'answer_scope'],
    ['for another audience', { token: { aud: 'https://api.other.example' } }, 'answer_audience'],
    ['for no user', { token: { sub: 'mcp-at-wiki' } }, 'answer_user'],
    ['of another issuer', { token: { iss: 'https://evil.example' } }, 'answer_issuer'],
  ] satisfies readonly (readonly [string, Script, string])[])(
    verifies(['tb:upstream-idjag', 'tb:narrow-only'], '%s'),
    async (_what, script, reason) => {
      await expect(createWiki(script).ask()).rejects.toMatchObject({ code: 'bad_gateway', reason });
    },
  );
});

const refusal = (status: number, error: string) => Response.json({ error }, { status });

describe('what either side says', () => {
  it.each([
    [
      'the user’s token is refused at home',
      { first: () => refusal(400, 'invalid_request') },
      'invalid_token',
      'subject_refused',
    ],
    [
      'the target is not known at home',
      { first: () => refusal(400, 'invalid_target') },
      'server_error',
      'upstream_target',
    ],
    [
      'consent is missing at home',
      { first: () => refusal(400, 'consent_required') },
      'consent_required',
      'consent_required',
    ],
    [
      'our registration is refused at home',
      { first: () => refusal(401, 'invalid_client') },
      'server_error',
      'upstream_credential',
    ],
    [
      'the user is not known there',
      { second: () => refusal(400, 'invalid_grant') },
      'access_denied',
      'upstream_denied',
    ],
    [
      'our request is refused there',
      { second: () => refusal(400, 'invalid_request') },
      'server_error',
      'upstream_configuration',
    ],
    [
      'the grant is not taken there',
      { second: () => refusal(400, 'unsupported_grant_type') },
      'server_error',
      'upstream_configuration',
    ],
    [
      'our registration is refused there',
      { second: () => refusal(401, 'invalid_client') },
      'server_error',
      'upstream_credential',
    ],
    [
      'the scope is refused there',
      { second: () => refusal(400, 'invalid_scope') },
      'invalid_scope',
      'upstream_scope',
    ],
    [
      'the other side is down',
      { second: () => refusal(503, 'temporarily_unavailable') },
      'temporarily_unavailable',
      'upstream_fault',
    ],
  ] satisfies readonly (readonly [string, Script, string, string])[])(
    verifies(['tb:upstream-idjag', 'tb:error-map'], 'becomes what the caller can act on when %s'),
    async (_what, script, code, reason) => {
      await expect(createWiki(script).ask()).rejects.toMatchObject({ code, reason });
    },
  );

  it('an actor token cannot be carried over', async () => {
    const { ask, idp } = createWiki();
    const token = await idp.issuer.mint({ sub: 'agent-7', aud: resource });
    const grant = { issuer: acme, subject: 'agent-7', tokenHash: 'x' } as never;
    await expect(ask({ actor: { grant, token } })).rejects.toMatchObject({ reason: 'actor_unsupported' });
  });

  it(
    verifies('tb:upstream-credential', 'a client that is registered on one side alone is refused'),
    async () => {
      await expect(createWiki().ask({ client: 'stranger' })).rejects.toMatchObject({
        code: 'unauthorized_client',
      });
    },
  );
});

function assertionAnswer(assertion: string): Record<string, unknown> {
  return { access_token: assertion, issued_token_type: idJagType, token_type: 'N_A', expires_in: 300 };
}

function brokenSignature(assertion: string): Record<string, unknown> {
  return assertionAnswer(`${assertion.slice(0, -8)}AAAAAAAA`);
}

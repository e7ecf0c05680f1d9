import { verifies } from '@mcp-obo/testbed/verifies';
import { afterEach, describe, expect, it } from 'vitest';
import type { Behaviour, IssuedToken } from '../test/authorization-server.ts';
import type { Demand } from '../test/resource-server.ts';
import { type Stage, setStage } from '../test/stage.ts';

let stage: Stage | undefined;
afterEach(async () => {
  await stage?.close();
  stage = undefined;
});

async function on(demand: Demand, behaviour: Behaviour = {}): Promise<Stage> {
  stage = await setStage(behaviour, { demand });
  return stage;
}

/** Paths below the endpoint name the scopes they need, with `+` between. */
const scopesByPath: Demand = ({ scopes }, request) => {
  const needed = request.url?.split('/')[2]?.split('+') ?? [];
  return needed.every((scope) => scopes.includes(scope))
    ? undefined
    : { status: 403, error: 'insufficient_scope', scope: needed.join(' ') };
};

const asked = ({ issuer }: Stage) => issuer.authorizations.map(({ scope }) => scope);

describe('step-up on insufficient_scope', () => {
  it(
    verifies('cl:resource', 'asks for held and challenged scopes together and repeats the request'),
    async () => {
      const at = await on(scopesByPath);
      const { fetch } = at.session();
      expect((await fetch(at.resource.url)).status).toBe(200);
      expect((await fetch(`${at.resource.url}/b+c`, { method: 'POST', body: '{"id":1}' })).status).toBe(200);
      expect(asked(at)).toEqual(['a', 'a b c']);
      expect(at.issuer.authorizations[1]?.resource).toBe(at.resource.url);
      expect((await fetch(`${at.resource.url}/a`)).status).toBe(200);
      expect(at.opened).toHaveLength(2);
    },
  );

  it('logs in and never refreshes, since a refresh cannot widen a token (RFC 6749 §6)', async () => {
    const at = await on(scopesByPath);
    const { fetch } = at.session();
    await fetch(at.resource.url);
    await fetch(`${at.resource.url}/b`);
    expect(at.issuer.tokenRequests.map(({ grant_type }) => grant_type)).toEqual([
      'authorization_code',
      'authorization_code',
    ]);
  });

  it('is done once by requests that need the same scope at the same time', async () => {
    const at = await on(scopesByPath);
    const { fetch } = at.session();
    await fetch(at.resource.url);
    const responses = await Promise.all(Array.from({ length: 6 }, () => fetch(`${at.resource.url}/b`)));
    expect(responses.map(({ status }) => status)).toEqual(Array(6).fill(200));
    expect(at.opened).toHaveLength(2);
  });

  it('keeps what another request gained in the meantime', async () => {
    const at = await on(scopesByPath);
    const { fetch } = at.session();
    await fetch(at.resource.url);
    const both = await Promise.all([fetch(`${at.resource.url}/b`), fetch(`${at.resource.url}/c`)]);
    expect(both.map(({ status }) => status)).toEqual([200, 200]);
    expect(asked(at).map((scope) => scope?.split(' ').length)).toEqual([1, 2, 3]);
  });

  it('that the user does not agree to hands the refusal on, and does not ask again', async () => {
    const at = await on(scopesByPath, { consent: () => ['a'] });
    const { fetch } = at.session();
    await fetch(at.resource.url);
    for (let call = 0; call < 3; call += 1) {
      const refused = await fetch(`${at.resource.url}/b`);
      expect(refused.status).toBe(403);
      expect(refused.headers.get('www-authenticate')).toContain('insufficient_scope');
    }
    expect(at.opened).toHaveLength(2);
  });

  it('that does not satisfy the server although the scope was granted does not loop either', async () => {
    const always: Demand = (_token, request) =>
      request.url === '/mcp' ? undefined : { status: 403, error: 'insufficient_scope', scope: 'b' };
    const at = await on(always);
    const { fetch } = at.session();
    await fetch(at.resource.url);
    for (let call = 0; call < 3; call += 1) expect((await fetch(`${at.resource.url}/x`)).status).toBe(403);
    expect(at.opened).toHaveLength(2);
  });

  it('may be asked for again by the application', async () => {
    const at = await on(scopesByPath, { consent: () => ['a'] });
    const { fetch, login } = at.session();
    await fetch(at.resource.url);
    await fetch(`${at.resource.url}/b`);
    delete at.issuer.behaviour.consent;
    await login();
    expect((await fetch(`${at.resource.url}/b`)).status).toBe(200);
  });

  it('does not touch a 403 of another kind', async () => {
    const at = await on(() => ({ status: 403, error: 'access_denied' }));
    const { fetch } = at.session();
    expect((await fetch(at.resource.url)).status).toBe(403);
    expect(at.opened).toHaveLength(1);
  });

  it('cannot repeat a request whose body was a stream', async () => {
    const at = await on(scopesByPath);
    const { fetch } = at.session();
    await fetch(at.resource.url);
    const body = new Blob(['{}']).stream();
    const response = await fetch(`${at.resource.url}/b`, {
      method: 'POST',
      body,
      duplex: 'half',
    } as RequestInit);
    expect(response.status).toBe(403);
    expect(at.opened).toHaveLength(1);
  });
});

describe('step-up of the login itself', () => {
  const fresh =
    (from: number): Demand =>
    (token: IssuedToken) =>
      token.login >= from
        ? undefined
        : { status: 401, error: 'insufficient_user_authentication', maxAge: 60, acrValues: 'urn:mfa' };

  it('asks for a fresher and stronger login, with the scopes held (RFC 9470 §4)', async () => {
    const at = await on(fresh(2));
    expect((await at.session().fetch(at.resource.url)).status).toBe(200);
    expect(at.issuer.authorizations[1]).toMatchObject({ max_age: '60', acr_values: 'urn:mfa', scope: 'a' });
    expect(at.issuer.tokenRequests.map(({ grant_type }) => grant_type)).not.toContain('refresh_token');
  });

  it('is tried once a request', async () => {
    const at = await on(fresh(99));
    expect((await at.session().fetch(at.resource.url)).status).toBe(401);
    expect(at.opened).toHaveLength(2);
  });

  it('passes a claims request on to the authorization server', async () => {
    const claims = '{"access_token":{"acrs":{"essential":true,"value":"c1"}}}';
    const at = await on(({ login }) =>
      login > 1
        ? undefined
        : { status: 401, error: 'insufficient_claims', claims: Buffer.from(claims).toString('base64') },
    );
    expect((await at.session().fetch(at.resource.url)).status).toBe(200);
    expect(at.issuer.authorizations[1]?.claims).toBe(claims);
  });
});

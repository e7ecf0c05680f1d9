import { verifies } from '@mcp-obo/testbed/verifies';
import { afterEach, describe, expect, it } from 'vitest';
import type { Behaviour } from '../test/authorization-server.ts';
import { type Stage, setStage } from '../test/stage.ts';
import { createMemoryStore } from './store.ts';

let stage: Stage | undefined;
afterEach(async () => {
  await stage?.close();
  stage = undefined;
});

async function on(behaviour: Behaviour = {}): Promise<Stage> {
  stage = await setStage({ lifetime: 300, ...behaviour });
  return stage;
}

const refreshes = ({ issuer }: Stage) =>
  issuer.tokenRequests.filter(({ grant_type }) => grant_type === 'refresh_token');

describe('a token near its end', () => {
  it(
    verifies('cl:refresh', 'is renewed before it ends, for the same resource, and without a login'),
    async () => {
      const at = await on();
      const { fetch } = at.session();
      await fetch(at.resource.url);
      at.clock.advance(239);
      await fetch(at.resource.url);
      expect(refreshes(at)).toEqual([]);
      at.clock.advance(2);
      await fetch(at.resource.url);
      expect(refreshes(at)).toHaveLength(1);
      expect(refreshes(at)[0]).toMatchObject({ resource: at.resource.url, client_id: 'registered-client' });
      expect(refreshes(at)[0]).not.toHaveProperty('scope');
      expect(at.opened).toHaveLength(1);
      expect(at.resource.requests.filter((request) => request.endsWith(' -'))).toHaveLength(1);
    },
  );

  it('of short life is renewed in its last fifth', async () => {
    const at = await on({ lifetime: 50 });
    const session = at.session();
    await session.login();
    at.clock.advance(39);
    await session.token();
    expect(refreshes(at)).toEqual([]);
    at.clock.advance(1);
    await session.token();
    expect(refreshes(at)).toHaveLength(1);
  });

  it(verifies('cl:refresh', 'is renewed once however many requests find it so'), async () => {
    const at = await on();
    const { fetch } = at.session();
    await fetch(at.resource.url);
    for (const age of [250, 301]) {
      at.clock.advance(age);
      const responses = await Promise.all(Array.from({ length: 8 }, () => fetch(at.resource.url)));
      expect(responses.map(({ status }) => status)).toEqual(Array(8).fill(200));
    }
    expect(refreshes(at)).toHaveLength(2);
    expect(at.opened).toHaveLength(1);
  });

  it('is used to its end while the authorization server does not answer', async () => {
    const at = await on();
    const session = at.session();
    await session.login();
    const token = await session.token();
    at.issuer.behaviour.tokenStatus = 503;
    at.clock.advance(290);
    expect(await session.token()).toBe(token);
    at.clock.advance(11);
    await expect(session.token()).rejects.toMatchObject({
      code: 'temporarily_unavailable',
      reason: 'refresh_failed',
    });
    delete at.issuer.behaviour.tokenStatus;
    expect(await session.token()).toMatch(/^access-/);
    expect(at.opened).toHaveLength(1);
  });

  it('without a refresh token is used to its end, then a login follows', async () => {
    const at = await on({ answer: ({ refresh_token: _, ...answer }) => answer });
    const { fetch, token } = at.session();
    await fetch(at.resource.url);
    at.clock.advance(299);
    expect(await token()).toMatch(/^access-/);
    at.clock.advance(2);
    expect((await fetch(at.resource.url)).status).toBe(200);
    expect(at.opened).toHaveLength(2);
  });
});

describe('rotation', () => {
  it(verifies('cl:refresh', 'is kept: each refresh token is shown once (OAuth 2.1 §4.3.1)'), async () => {
    const at = await on();
    const session = at.session();
    await session.login();
    for (let round = 0; round < 3; round += 1) {
      at.clock.advance(250);
      await session.token();
    }
    const shown = refreshes(at).map(({ refresh_token }) => refresh_token);
    expect(new Set(shown).size).toBe(3);
    expect(at.opened).toHaveLength(1);
  });

  it('keeps the old refresh token when the answer brings none (RFC 6749 §6)', async () => {
    const at = await on();
    const session = at.session();
    await session.login();
    const [first] = at.issuer.refreshTokens.keys();
    at.issuer.behaviour.answer = ({ refresh_token: _, ...answer }) => answer;
    at.clock.advance(250);
    await session.token();
    at.clock.advance(250);
    await session.token().catch(() => undefined);
    expect(refreshes(at).map(({ refresh_token }) => refresh_token)).toEqual([first, first]);
  });

  it(
    verifies('cl:refresh', 'that another process did is found in the shared store, not replayed'),
    async () => {
      const at = await on();
      const store = createMemoryStore();
      const [one, other] = [at.session({ store }), at.session({ store })];
      await one.login();
      expect(await other.token()).toBe(await one.token());
      at.clock.advance(250);
      const renewed = await one.token();
      expect(await other.token()).toBe(renewed);
      expect(refreshes(at)).toHaveLength(1);
    },
  );

  it(
    verifies('cl:refresh', 'that somebody else did ends the session here, and a login begins a new one'),
    async () => {
      const at = await on();
      const session = at.session();
      await session.login();
      const [stolen] = at.issuer.refreshTokens.keys();
      await fetch(`${at.issuer.issuer}/token`, {
        method: 'POST',
        body: new URLSearchParams({
          grant_type: 'refresh_token',
          refresh_token: stolen ?? '',
          client_id: 'registered-client',
          resource: at.resource.url,
        }),
      });
      expect(at.issuer.refreshTokens.size).toBe(1);
      at.clock.advance(301);
      expect((await session.fetch(at.resource.url)).status).toBe(200);
      expect(at.opened).toHaveLength(2);
      // The replay ended the thief's tokens as well: only those of the new login are left.
      expect([...at.issuer.refreshTokens.values()].map(({ login }) => login)).toEqual([2]);
    },
  );
});

describe('a token that the server refuses early', () => {
  it(verifies('cl:refresh', 'is renewed, and the request repeated, without a login'), async () => {
    const at = await on();
    const { fetch } = at.session();
    await fetch(at.resource.url);
    at.issuer.accessTokens.clear();
    expect((await fetch(at.resource.url)).status).toBe(200);
    expect(refreshes(at)).toHaveLength(1);
    expect(at.opened).toHaveLength(1);
  });

  it('brings a login when the refresh token is refused too, with the scopes held before', async () => {
    const at = await on();
    const { fetch } = at.session({ scopes: ['b'] });
    await fetch(at.resource.url);
    at.issuer.accessTokens.clear();
    at.issuer.refreshTokens.clear();
    expect((await fetch(at.resource.url)).status).toBe(200);
    expect(at.issuer.authorizations.map(({ scope }) => scope)).toEqual(['a b', 'a b']);
  });

  it('is forgotten with its refresh token once that is refused, and neither is shown again', async () => {
    const at = await on();
    const session = at.session();
    await session.login();
    at.issuer.refreshTokens.clear();
    at.clock.advance(301);
    expect(await session.token()).toBeUndefined();
    expect(await session.token()).toBeUndefined();
    expect(await session.status()).toBeUndefined();
    expect(refreshes(at)).toHaveLength(1);
  });

  it('gets its refusal back to the caller when nothing helps', async () => {
    const at = await on();
    const { fetch } = at.session();
    await fetch(at.resource.url);
    at.issuer.behaviour.answer = (answer) => ({ ...answer, access_token: 'unknown-to-the-resource' });
    at.issuer.accessTokens.clear();
    expect((await fetch(at.resource.url)).status).toBe(401);
    expect(refreshes(at)).toHaveLength(1);
    expect(at.opened).toHaveLength(2);
  });
});

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
  stage = await setStage(behaviour);
  return stage;
}

describe('signing out', () => {
  it(verifies('cl:refresh', 'revokes the refresh token, then the access token (RFC 7009 §2)'), async () => {
    const { issuer, session } = await on();
    const started = session();
    await started.login();
    const [refresh] = issuer.refreshTokens.keys();
    const [access] = issuer.accessTokens.keys();
    expect(await started.signOut()).toEqual({ revoked: true });
    expect(issuer.revocations).toEqual([
      { token: refresh, token_type_hint: 'refresh_token', client_id: 'registered-client' },
      { token: access, token_type_hint: 'access_token', client_id: 'registered-client' },
    ]);
  });

  it('says how long an access token lives on that the server cannot revoke (RFC 7009 §2.2.1)', async () => {
    const { clock, issuer, session } = await on({ revocation: 'refresh_token', lifetime: 300 });
    const started = session();
    await started.login();
    expect(await started.signOut()).toEqual({ revoked: true, accessTokenUntil: clock.now() / 1000 + 300 });
    expect(issuer.refreshTokens.size).toBe(0);
  });

  it('is not confirmed when the access token was all there was and cannot be revoked', async () => {
    const answer = ({ refresh_token: _, ...rest }: Record<string, unknown>) => rest;
    const { session } = await on({ revocation: 'refresh_token', answer });
    const started = session();
    await started.login();
    expect((await started.signOut()).revoked).toBe(false);
  });

  it(verifies('cl:storage', 'leaves no token in the store'), async () => {
    const { session } = await on();
    const values = new Map<string, string>();
    const store = {
      ...createMemoryStore(),
      set: async (key: string, value: string) => void values.set(key, value),
    };
    store.delete = async (key) => void values.delete(key);
    const started = session({ store });
    await started.login();
    expect([...values.values()].join()).toContain('access-');
    await started.signOut();
    expect([...values.values()].join()).not.toMatch(/access-|refresh-/);
    expect(await started.status()).toBeUndefined();
    expect(await started.token()).toBeUndefined();
  });

  it.each<[string, (at: Stage) => unknown]>([
    [
      'the server fails',
      ({ issuer }) => {
        issuer.close();
      },
    ],
    [
      'the server offers no revocation',
      ({ issuer }) => {
        issuer.behaviour.revocation = false;
      },
    ],
  ])('forgets the tokens and says so when %s', async (_name, breaks) => {
    const at = await on();
    const started = at.session();
    await started.login();
    await breaks(at);
    at.clock.advance(700);
    const result = await started.signOut();
    expect(result.revoked).toBe(false);
    expect(result.cause).toBeInstanceOf(Error);
    expect(await started.token()).toBeUndefined();
  });

  it('begins anew: the next request asks for the first scopes again', async () => {
    const { issuer, resource, session } = await on();
    const started = session({ scopes: [] });
    await started.fetch(resource.url);
    await started.signOut();
    await started.fetch(resource.url);
    expect(issuer.authorizations.map(({ scope }) => scope)).toEqual(['a', 'a']);
  });

  it('does nothing when nobody is signed in', async () => {
    const { issuer, session } = await on();
    expect(await session().signOut()).toEqual({ revoked: false });
    expect(issuer.revocations).toEqual([]);
  });
});

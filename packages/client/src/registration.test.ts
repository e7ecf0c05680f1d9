import { freePorts } from '@mcp-obo/testbed/ports';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
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

const documentUrl = 'https://client.example/oauth/client.json';
const clientOf = ({ issuer }: Stage) => issuer.authorizations.map(({ client_id }) => client_id);

describe('the client of a login', () => {
  it('is the registered one, whatever else is offered', async () => {
    const at = await on({ cimd: true });
    await at.session({ clientId: 'registered-client', clientIdMetadataUrl: documentUrl }).login();
    expect(clientOf(at)).toEqual(['registered-client']);
    expect(at.issuer.registrations).toEqual([]);
  });

  it('is the metadata document where the server takes one', async () => {
    const at = await on({ cimd: true });
    at.issuer.clients.add(documentUrl);
    await at.session({ clientId: undefined, clientIdMetadataUrl: documentUrl }).login();
    expect(clientOf(at)).toEqual([documentUrl]);
    expect(at.issuer.registrations).toEqual([]);
  });

  it('is registered dynamically elsewhere, without a scope that would become its ceiling', async () => {
    const at = await on();
    const clientMetadata = { client_name: 'Expenses client', scope: 'a', software_id: 'x' };
    await at.session({ clientId: undefined, clientIdMetadataUrl: documentUrl, clientMetadata }).login();
    expect(clientOf(at)).toEqual(['dynamic-1']);
    expect(at.issuer.registrations).toEqual([
      {
        client_name: 'Expenses client',
        software_id: 'x',
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
        token_endpoint_auth_method: 'none',
        application_type: 'native',
        redirect_uris: [at.issuer.authorizations[0]?.redirect_uri],
      },
    ]);
  });

  it('cannot be had where nothing is offered', async () => {
    const at = await on({ dcr: false });
    await expect(at.session({ clientId: undefined }).login()).rejects.toMatchObject({
      code: 'unauthorized_client',
      reason: 'no_registration',
    });
    expect(at.opened).toEqual([]);
  });
});

describe('a dynamic registration', () => {
  let redirectUri: string;
  let otherRedirectUri: string;
  beforeAll(async () => {
    [redirectUri = '', otherRedirectUri = ''] = (await freePorts(2)).map(
      (port) => `http://127.0.0.1:${port}/callback`,
    );
  });
  const fixed = () => ({ clientId: undefined, redirectUri });

  it('is kept for later sessions with the same redirect URI', async () => {
    const at = await on();
    const store = createMemoryStore();
    await at.session({ ...fixed(), store }).login();
    await at.session({ ...fixed(), store }).login();
    expect(clientOf(at)).toEqual(['dynamic-1', 'dynamic-1']);
  });

  it('is made anew for another redirect URI', async () => {
    const at = await on();
    const store = createMemoryStore();
    await at.session({ ...fixed(), store }).login();
    await at.session({ ...fixed(), store, redirectUri: otherRedirectUri }).login();
    expect(clientOf(at)).toEqual(['dynamic-1', 'dynamic-2']);
  });

  it('is made anew once the server has forgotten it', async () => {
    const at = await on();
    const session = at.session({ ...fixed() });
    await session.login();
    at.issuer.clients.clear();
    await expect(session.login()).rejects.toMatchObject({ reason: 'invalid_client' });
    await session.login();
    expect(clientOf(at)).toEqual(['dynamic-1', 'dynamic-1', 'dynamic-2']);
  });

  it('of one issuer is never shown to another', async () => {
    const store = createMemoryStore();
    const first = await on();
    await first.session({ ...fixed(), store }).login();
    const second = await setStage();
    try {
      await second.session({ ...fixed(), store }).login();
      expect(second.issuer.registrations).toHaveLength(1);
    } finally {
      await second.close();
    }
  });

  it('with a secret that has no end, as servers have it that leave the member out (RFC 7591 §3.2.1)', async () => {
    const secret = { client_secret: 'registered-secret', token_endpoint_auth_method: 'client_secret_post' };
    const at = await on({ registered: (answer) => ({ ...answer, ...secret }) });
    await at.session(fixed()).login();
    expect(at.issuer.tokenRequests[0]).toMatchObject({ client_secret: 'registered-secret' });
  });

  it('that cannot be read counts as none', async () => {
    const at = await on();
    const store = createMemoryStore();
    await store.set(`client ${at.issuer.issuer}`, '{"client_id":7}');
    await at.session({ ...fixed(), store }).login();
    expect(clientOf(at)).toEqual(['dynamic-1']);
  });
});

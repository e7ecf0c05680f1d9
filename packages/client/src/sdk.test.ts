import { verifies } from '@mcp-obo/testbed/verifies';
import { Client as ClientV2, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { mcpAnswer, mcpDemand } from '../test/mcp-server.ts';
import { type Stage, setStage } from '../test/stage.ts';
import { createTransport as transportV1 } from './sdk-v1.ts';
import { createAuthProvider, createTransport as transportV2 } from './sdk-v2.ts';
import type { AuthSession } from './session.ts';

let stage: Stage;
beforeEach(async () => {
  stage = await setStage({}, { answer: mcpAnswer, demand: mcpDemand });
});
afterEach(() => stage.close());

const info = { name: 'test-client', version: '1' };

/** A client of each line, connected through a session. */
const lines: Record<string, (session: AuthSession) => Promise<ClientV1 | ClientV2>> = {
  '@modelcontextprotocol/sdk 1.x': async (session) => {
    const client = new ClientV1(info);
    await client.connect(transportV1(session));
    return client;
  },
  '@modelcontextprotocol/client 2.x': async (session) => {
    const client = new ClientV2(info);
    await client.connect(transportV2(session));
    return client;
  },
};

async function call(client: ClientV1 | ClientV2, name: string): Promise<unknown> {
  const result = await client.callTool({ name, arguments: {} });
  return (result.content as { text: string }[])[0]?.text;
}

describe.each(Object.entries(lines))('a client of %s', (_name, connect) => {
  it(
    verifies(['cl:pkce', 'cl:resource'], 'knows the URL only and logs in on its first request'),
    async () => {
      const client = await connect(stage.session({ clientId: undefined }));
      expect(await call(client, 'read')).toBe('read done');
      expect(stage.issuer.registrations).toHaveLength(1);
      expect(stage.issuer.authorizations[0]).toMatchObject({
        code_challenge_method: 'S256',
        resource: stage.resource.url,
        scope: 'a',
      });
      await client.close();
    },
  );

  it('steps up on 403 and repeats the call', async () => {
    const client = await connect(stage.session());
    expect(await call(client, 'read')).toBe('read done');
    expect(await call(client, 'write')).toBe('write done');
    expect(stage.issuer.authorizations.map(({ scope }) => scope)).toEqual(['a', 'a b']);
    await client.close();
  });

  it(verifies('cl:refresh', 'goes on with a renewed token'), async () => {
    const client = await connect(stage.session());
    await call(client, 'read');
    stage.clock.advance(400);
    expect(await call(client, 'read')).toBe('read done');
    expect(stage.opened).toHaveLength(1);
    await client.close();
  });

  it('hears of a refused step-up as an error of the call', async () => {
    stage.issuer.behaviour.consent = () => ['a'];
    const client = await connect(stage.session());
    await expect(call(client, 'write')).rejects.toThrow();
    expect(await call(client, 'read')).toBe('read done');
    await client.close();
  });
});

describe('the auth provider of 2.x', () => {
  it('answers a 401 of a transport that somebody else made', async () => {
    const session = stage.session();
    const client = new ClientV2(info);
    await client.connect(
      new StreamableHTTPClientTransport(new URL(stage.resource.url), {
        authProvider: createAuthProvider(session),
      }),
    );
    expect(await call(client, 'read')).toBe('read done');
    stage.issuer.accessTokens.clear();
    expect(await call(client, 'read')).toBe('read done');
    expect(stage.opened).toHaveLength(1);
    await client.close();
  });
});

import { verifies } from '@mcp-obo/testbed/verifies';
import { afterEach, describe, expect, it } from 'vitest';
import { createFixture, issuerUrl } from '../test/fixture.ts';
import {
  closeServers,
  injectableServer,
  messageOf,
  modernCall,
  toolCall,
} from '../test/injectable-server.ts';

afterEach(closeServers);

const challengeEnd = 'resource_metadata="https://mcp.example/.well-known/oauth-protected-resource/mcp"';

describe('protectMcp for Fastify', () => {
  it(
    verifies(
      'rs:no-token',
      'sends a bare challenge with the smallest useful scope to a client without a token',
    ),
    async () => {
      const { post, events } = await injectableServer();
      const response = await post(toolCall('read'));
      expect(response.statusCode).toBe(401);
      expect(response.headers['www-authenticate']).toBe(
        `Bearer scope="mcp:tools:execute expenses:read", ${challengeEnd}`,
      );
      expect(events).toEqual([{ type: 'authentication', ok: false, reason: 'no_token', fault: 'caller' }]);
    },
  );

  it(verifies('rs:both-eras', 'serves a tool call of the 2025 revisions'), async () => {
    const { call } = await injectableServer();
    const response = await call('read');
    expect(response.statusCode).toBe(200);
    expect(messageOf(response).result.content).toEqual([{ type: 'text', text: 'hello user-1' }]);
  });

  it(verifies('rs:both-eras', 'serves a tool call of 2026-07-28 from the same URL'), async () => {
    const { post, issuer } = await injectableServer();
    const response = await post(...modernCall('read', await issuer.mint()));
    expect(messageOf(response).result.content).toEqual([{ type: 'text', text: 'hello user-1' }]);
  });

  it(
    verifies(
      'sc:challenge',
      'answers 403 with all scopes of the operation and a JSON-RPC body when a new login can help',
    ),
    async () => {
      const { call } = await injectableServer();
      const response = await call('write');
      expect(response.statusCode).toBe(403);
      expect(response.headers['www-authenticate']).toContain('Bearer error="insufficient_scope"');
      expect(response.headers['www-authenticate']).toContain('scope="mcp:tools:execute expenses:write"');
      expect(response.headers['www-authenticate']).toContain(challengeEnd);
      expect(response.json()).toMatchObject({
        jsonrpc: '2.0',
        id: 7,
        error: { data: { error: 'insufficient_scope' } },
      });
    },
  );

  it(
    verifies('sc:challenge', 'tells a client that cannot take a 403 by a tool error with the same challenge'),
    async () => {
      const { call } = await injectableServer({ toolErrorClients: ['client-1'] });
      const response = await call('write');
      expect(response.statusCode).toBe(200);
      const { result } = messageOf(response);
      expect(result.isError).toBe(true);
      expect(result._meta['mcp/www_authenticate'][0]).toContain('scope="mcp:tools:execute expenses:write"');
    },
  );

  it(verifies('sc:challenge', 'ends in a sentence when a new login did not bring the scope'), async () => {
    const { call } = await injectableServer();
    expect((await call('write')).statusCode).toBe(403);
    const second = await call('write');
    expect(second.statusCode).toBe(200);
    expect(messageOf(second).result.content[0].text).toContain(
      'The new token does not bring what this tool needs either',
    );
  });

  it(
    verifies('sc:challenge', 'challenges another session of the same user and client all the same'),
    async () => {
      const { call, post, issuer } = await injectableServer();
      expect((await call('write')).statusCode).toBe(403);
      const authorization = `Bearer ${await issuer.mint({ roles: [], sid: 'another' })}`;
      const list = { jsonrpc: '2.0', id: 1, method: 'tools/list' };
      expect((await post(list, { authorization })).statusCode).toBe(200);
      expect((await post(toolCall('write'), { authorization })).statusCode).toBe(403);
    },
  );

  it(
    verifies('rs:origin', 'refuses a Host that is not this server and an Origin that may not call'),
    async () => {
      const { post, issuer } = await injectableServer({ allowedOrigins: ['https://app.example'] });
      const authorization = `Bearer ${await issuer.mint()}`;
      expect((await post(toolCall('read'), { authorization, host: 'evil.example' })).statusCode).toBe(403);
      expect(
        (await post(toolCall('read'), { authorization, origin: 'https://evil.example' })).statusCode,
      ).toBe(403);
      const own = await post(toolCall('read'), { authorization, origin: 'https://mcp.example' });
      expect(own.statusCode).toBe(200);
      const allowed = await post(toolCall('read'), { authorization, origin: 'https://app.example' });
      expect(allowed.statusCode).toBe(200);
      expect(allowed.headers['access-control-allow-origin']).toBe('https://app.example');
      expect(allowed.headers['access-control-expose-headers']).toContain('WWW-Authenticate');
    },
  );

  it(
    verifies('md:locations', 'publishes the metadata at both well-known locations for any page'),
    async () => {
      const { app } = await injectableServer();
      const [inserted, root] = await Promise.all(
        ['/.well-known/oauth-protected-resource/mcp', '/.well-known/oauth-protected-resource'].map((url) =>
          app.inject(url),
        ),
      );
      expect(inserted?.json().authorization_servers).toEqual([issuerUrl]);
      expect(inserted?.body).toBe(root?.body);
      expect(inserted?.headers['access-control-allow-origin']).toBe('*');
    },
  );

  it('reads resources and prompts by requirements of their own', async () => {
    const { post, issuer } = await injectableServer();
    const send = async (method: string, params: object, scope: string) =>
      post(
        { jsonrpc: '2.0', id: 1, method, params },
        { authorization: `Bearer ${await issuer.mint({ scope })}` },
      );
    expect((await send('resources/read', { uri: 'note://1' }, 'mcp:tools')).statusCode).toBe(403);
    const read = await send('resources/read', { uri: 'note://1' }, 'mcp:resources');
    expect(messageOf(read).result.contents[0].text).toBe('note 1');
    const prompt = await send('prompts/get', { name: 'review' }, 'mcp:prompts');
    expect(messageOf(prompt).result.messages[0].content.text).toBe('Review this.');
    const absent = await send('resources/read', { uri: 'other://1' }, 'mcp:resources');
    expect(messageOf(absent).error.message).toBe('Unknown resource: other://1');
  });

  it.each(['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE'] as const)(
    'answers %s by 401 without a token and by 405 with one',
    async (method) => {
      const { app, issuer } = await injectableServer();
      const at = { method, url: '/mcp', headers: { host: 'mcp.example' } };
      expect((await app.inject(at)).statusCode).toBe(401);
      const authorization = `Bearer ${await issuer.mint({})}`;
      const response = await app.inject({ ...at, headers: { ...at.headers, authorization } });
      expect({ status: response.statusCode, allow: response.headers.allow }).toEqual({
        status: 405,
        allow: 'POST',
      });
    },
  );

  it('records one authentication, one decision and one call for each call that runs', async () => {
    const { call, events } = await injectableServer();
    await call('read');
    expect(events.map(({ type }) => type)).toEqual(['authentication', 'authorization', 'call']);
    expect(JSON.stringify(events)).not.toContain('eyJ');
  });

  it(
    verifies('sc:deny-by-default', 'refuses to start with an operation that declares no requirement'),
    () => {
      const incomplete = { kind: 'tool', name: 'x', scopes: [], tier: undefined };
      expect(() => createFixture({ requirements: [incomplete as never] })).toThrow(RangeError);
    },
  );
});

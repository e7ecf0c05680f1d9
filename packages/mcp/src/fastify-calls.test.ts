import { OAuthError } from '@mcp-obo/oauth-error';
import { verifies } from '@mcp-obo/testbed/verifies';
import { afterEach, describe, expect, it } from 'vitest';
import { closeServers, injectableServer, messageOf, modernCall } from '../test/injectable-server.ts';

afterEach(closeServers);

describe('a call behind protectMcp for Fastify', () => {
  it(verifies('sc:per-tool', 'decides on each tool call by the scopes of that tool alone'), async () => {
    const { call } = await injectableServer();
    expect((await call('write', { scope: 'mcp:tools:execute expenses:write' })).statusCode).toBe(200);
    expect((await call('read', { scope: 'mcp:tools:execute expenses:write' })).statusCode).toBe(403);
  });

  it(verifies('sc:per-tool', 'decides again in the handler when the edge was passed by'), async () => {
    const { guard, handlers, issuer } = await injectableServer();
    const token = await issuer.mint();
    const admitted = await guard.admit({
      method: 'POST',
      url: '/mcp',
      rawHeaders: ['Authorization', `Bearer ${token}`],
    });
    const result = await handlers.callTool({ name: 'write' }, { authInfo: guard.authInfo(admitted) });
    expect(result.isError).toBe(true);
  });

  it(verifies('sc:arguments', 'asks for more when the arguments demand it'), async () => {
    const { call } = await injectableServer();
    expect((await call('limited', {}, { amount: 100 })).statusCode).toBe(200);
    const refused = await call('limited', {}, { amount: 101 });
    expect(refused.statusCode).toBe(403);
    expect(refused.headers['www-authenticate']).toContain('expenses:large');
  });

  it(
    verifies(
      ['sc:list-filter', 'sc:roles'],
      'answers a tool the role can never have like one that does not exist',
    ),
    async () => {
      const { call } = await injectableServer();
      const hidden = messageOf(await call('approve')).error;
      const unknown = messageOf(await call('appalls')).error;
      expect(hidden).toEqual({ code: -32602, message: 'Unknown tool: approve' });
      expect(unknown).toEqual({ code: -32602, message: 'Unknown tool: appalls' });
      expect(messageOf(await call('approve', { roles: ['manager'] })).result.content[0].text).toBe(
        'approved',
      );
    },
  );

  it(
    verifies('sc:list-filter', 'lists what may be used now or after a step-up, and hides the rest'),
    async () => {
      const { post, issuer } = await injectableServer();
      const list = async (claims: Readonly<Record<string, unknown>>) => {
        const headers = { authorization: `Bearer ${await issuer.mint(claims)}` };
        const response = await post({ jsonrpc: '2.0', id: 1, method: 'tools/list' }, headers);
        return messageOf(response).result.tools.map(({ name }: { name: string }) => name);
      };
      expect(await list({})).toEqual(['read', 'write', 'call_api', 'limited', 'broken']);
      expect(await list({ roles: ['manager'] })).toContain('approve');
      expect(await list({ mcp_allowed_tools: ['read'] })).toEqual(['read']);
    },
  );

  it(verifies('sc:allowed-tools', 'treats a tool outside mcp_allowed_tools as absent'), async () => {
    const { call } = await injectableServer();
    expect(messageOf(await call('read', { mcp_allowed_tools: [] })).error.message).toBe('Unknown tool: read');
  });

  it(verifies('sc:m2m', 'keeps a token without a user away from tools of users'), async () => {
    const { call, exchanged } = await injectableServer();
    const machine = { sub: 'client-1' };
    expect(messageOf(await call('read', machine)).error.message).toBe('Unknown tool: read');
    expect((await call('call_api', machine)).statusCode).toBe(200);
    expect(exchanged).toEqual([
      { target: 'expenses-api', scopes: ['api:expenses.read'], tenant: 'acme', signal: expect.anything() },
    ]);
  });

  it(verifies('rs:no-passthrough', 'gives the user’s token to the exchange and to no handler'), async () => {
    const { guard, issuer, call, exchanged } = await injectableServer();
    await call('call_api');
    expect(exchanged[0]?.subjectToken).toMatch(/^ey/);
    const rawHeaders = ['Authorization', `Bearer ${await issuer.mint()}`];
    const admitted = await guard.admit({ method: 'POST', url: '/mcp', rawHeaders });
    expect(guard.authInfo(admitted).token).toBe('');
    expect(JSON.stringify([guard.authInfo(admitted), guard.context(admitted)])).not.toContain('eyJ');
  });

  it(
    verifies('tb:error-map', 'answers 401 when the issuer no longer accepts the subject token'),
    async () => {
      const { call, failExchange } = await injectableServer();
      failExchange(
        new OAuthError('invalid_token', 'The access token is not valid.', { reason: 'subject_refused' }),
      );
      const response = await call('call_api');
      expect(response.statusCode).toBe(401);
      expect(response.headers['www-authenticate']).toContain('error="invalid_token"');
      expect(response.json().id).toBe(7);
    },
  );

  it(verifies('tb:error-map', 'answers a client of 2026-07-28 by the same status'), async () => {
    const { post, issuer, failExchange } = await injectableServer();
    failExchange(new OAuthError('temporarily_unavailable', 'Later.', { retryAfter: 7 }));
    const response = await post(...modernCall('call_api', await issuer.mint()));
    expect(response.statusCode).toBe(503);
  });

  it.each([
    ['a fault behind us', new OAuthError('temporarily_unavailable', 'Later.', { retryAfter: 7 }), 503, '7'],
    [
      'our own credential being refused',
      new OAuthError('server_error', 'No.', { reason: 'credential' }),
      500,
      undefined,
    ],
  ])(
    verifies('tb:error-map', 'never makes %s look like the caller’s fault'),
    async (_case, error, status, retryAfter) => {
      const { call, failExchange } = await injectableServer();
      failExchange(error);
      const response = await call('call_api');
      expect(response.statusCode).toBe(status);
      expect(response.headers['retry-after']).toBe(retryAfter);
      expect(response.headers['www-authenticate']).toBeUndefined();
    },
  );

  it('passes a tool’s own failure on as a sentence', async () => {
    const { call } = await injectableServer();
    expect(messageOf(await call('broken')).result).toMatchObject({
      isError: true,
      content: [{ type: 'text', text: 'There is no such expense.' }],
    });
  });

  it(verifies('sc:degrade', 'names tools that would serve when one is refused'), async () => {
    const { call } = await injectableServer({ toolErrorClients: ['client-1'] });
    const { result } = messageOf(await call('write'));
    expect(result._meta['mcp-obo/refusal']).toMatchObject({
      mend: 'login',
      scopes: ['mcp:tools:execute', 'expenses:write'],
    });
  });
});

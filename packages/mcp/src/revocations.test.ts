import { nothingRevoked } from '@mcp-obo/revocation';
import { createTestIssuer } from '@mcp-obo/testbed/issuer';
import { verifies } from '@mcp-obo/testbed/verifies';
import { afterEach, expect, it } from 'vitest';
import { issuerUrl, resource } from '../test/fixture.ts';
import { closeServers, injectableServer } from '../test/injectable-server.ts';
import type { McpGuardOptions } from './guard-options.ts';

afterEach(closeServers);

/** A server whose view of revocations is what the test says. */
async function startServer(overrides: Partial<McpGuardOptions> = {}) {
  const view = { revoked: false, fresh: true, age: 0 };
  const server = await injectableServer({
    ...overrides,
    revocations: {
      ...nothingRevoked,
      isRevoked: () => view.revoked,
      isFresh: () => view.fresh,
      age: () => view.age,
    },
  });
  const authorization = `Bearer ${await server.issuer.mint({
    scope: 'mcp:tools:execute mcp:resources expenses:read expenses:write',
  })}`;
  const send = (method: string, params: object) =>
    server.post({ jsonrpc: '2.0', id: 1, method, params }, { authorization });
  return { ...server, view, send, call: (name: string) => send('tools/call', { name, arguments: {} }) };
}

it(
  verifies('rs:revoked', 'answers 401 invalid_token to a token that was accepted before it was revoked'),
  async () => {
    const { call, view, events } = await startServer();
    expect((await call('read')).statusCode).toBe(200);
    view.revoked = true;
    const answer = await call('read');
    expect(answer.statusCode).toBe(401);
    expect(answer.headers['www-authenticate']).toMatch(/^Bearer .*error="invalid_token"/);
    expect(events.at(-1)).toMatchObject({ type: 'authentication', ok: false, reason: 'revoked' });
  },
);

it.each([
  ['reads', 'tools/call', { name: 'read', arguments: {} }, 200],
  ['lists tools', 'tools/list', {}, 200],
  ['reads a resource', 'resources/read', { uri: 'note://1' }, 200],
  ['writes', 'tools/call', { name: 'write', arguments: {} }, 503],
])(
  verifies('rs:revocation-view', 'while revocations may be missing, what %s (%s) is decided by its tier'),
  async (_what, method, params, status) => {
    const { send, view, events } = await startServer();
    expect((await send(method, params)).statusCode).toBe(200);
    Object.assign(view, { fresh: false, age: 6000 });
    const answer = await send(method, params);
    expect(answer.statusCode).toBe(status);
    if (status === 200) return;
    expect(answer.headers['retry-after']).toBe('5');
    expect(events.at(-1)).toMatchObject({ type: 'call', ok: false, reason: 'revocations_unknown' });
  },
);

it(verifies('rs:revocation-view', 'after five minutes of that, nothing is served'), async () => {
  const { call, view, events } = await startServer();
  Object.assign(view, { fresh: false, age: 300_001 });
  const answer = await call('read');
  expect([answer.statusCode, answer.headers['retry-after']]).toEqual([503, '5']);
  expect(answer.headers['www-authenticate']).toBeUndefined();
  expect(events.at(-1)).toMatchObject({ type: 'authentication', ok: false, fault: 'platform' });
});

it(
  verifies('rs:revocation-view', 'an issuer that is asked instead confirms each token, or ends it'),
  async () => {
    const endpoint = `${issuerUrl}/introspect`;
    const { fetch } = createTestIssuer({ issuer: issuerUrl });
    let active = true;
    const introspection = { endpoint, clientId: 'c', clientSecret: 's', tokens: 'jwt' } as const;
    const { call, view } = await startServer({
      issuers: [{ issuer: issuerUrl, profile: 'generic', audiences: [resource], introspection }],
      fetch: async (url, init) => (url === endpoint ? Response.json({ active }) : fetch(String(url), init)),
    });
    Object.assign(view, { fresh: false, age: 600_000 });
    expect((await call('write')).statusCode).toBe(200);
    active = false;
    expect((await call('write')).statusCode).toBe(401);
  },
);

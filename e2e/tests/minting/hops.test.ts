import { verifies } from '@mcp-obo/testbed/verifies';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eras, mcpCaller } from '../keycloak/fixture/call.ts';
import { type MintingPlatform, startMintingPlatform } from './fixture/minting-platform.ts';

let platform: MintingPlatform;
beforeAll(async () => {
  platform = await startMintingPlatform();
});
afterAll(() => platform?.close());

const accessTokenType = 'urn:ietf:params:oauth:token-type:access_token';
const now = () => Math.floor(Date.now() / 1000);

/** The proof of agent-7 that it is there, and the narrower token that its orchestrator gets for it. */
async function tokenForAgent(subject_token: string, scope = 'mcp:tools:execute expenses:read') {
  const proof = await platform.ask('agent-7', {
    grant_type: 'client_credentials',
    audience: 'agents',
    scope: 'act',
  });
  const actor_token = (JSON.parse(proof.body) as { access_token: string }).access_token;
  const form = { audience: 'mcp', scope, subject_token, actor_token, actor_token_type: accessTokenType };
  return platform.exchange('orchestrator', form);
}

/** Every record that a process wrote about an operation. */
const records = (app: MintingPlatform['api'], operation: string) =>
  app
    .output()
    .split('\n')
    .filter((line) => line.includes('mcp-obo.audit') && line.includes(operation))
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe('processes that trust a broker that mints', () => {
  it.each(eras)(
    verifies(
      ['tb:mint', 'rs:user', 'rs:both-eras'],
      'MCP %s: a tool reaches the API, which knows the user and who acts',
    ),
    async (era) => {
      const { resource, login, minted, issuer } = platform;
      const caller = mcpCaller(era, resource);
      const alice = await caller.call(await login(), 'list_expenses');
      expect([alice.status, alice.content?.seen]).toEqual([
        200,
        {
          issuer: minted,
          tenant: 'acme',
          user: 'alice',
          client: 'mcp-server',
          actor: 'mcp-server',
          act: ['mcp-server'],
          audience: ['api://expenses'],
          scopes: ['api:expenses.read'],
        },
      ]);
      const bob = await caller.call(await login({ sub: 'u-bob' }), 'list_expenses');
      expect(bob.content?.seen.user).toBe('bob');
      // Where users log in is the identity provider, and not the broker.
      const metadata = await fetch(`${new URL(resource).origin}/.well-known/oauth-protected-resource/mcp`);
      expect(await metadata.json()).toMatchObject({ authorization_servers: [issuer.issuer] });
    },
  );

  it(
    verifies(
      ['tb:sub-agent', 'tb:mint'],
      'the API calls a second one, which sees the same user and the whole chain',
    ),
    async () => {
      const { api, archive, login, exchange, get, minted } = platform;
      const subject_token = await login({ jti: 'login-of-the-second-hop' });
      const token = await exchange('mcp-server', { subject_token, audience: 'expenses-api' });
      const { status, body } = await get(api, '/archive/expenses', token);
      const answer = JSON.parse(body);
      expect([status, answer.seen.user, answer.seen.act]).toEqual([200, 'alice', ['mcp-server']]);
      expect(answer.archive.seen).toEqual({
        issuer: minted,
        tenant: 'acme',
        user: 'alice',
        client: 'expenses-api',
        actor: 'expenses-api',
        act: ['expenses-api', 'mcp-server'],
        audience: ['api://archive'],
        scopes: ['api:expenses.read'],
      });
      expect(answer.archive.expenses.length).toBeGreaterThan(0);
      expect(records(archive, 'GET /expenses').at(-1)).toMatchObject({
        decision: 'allow',
        user: { issuer: platform.issuer.issuer, key: 'u-alice' },
        act: [
          { sub: 'expenses-api', iss: minted },
          { sub: 'mcp-server', iss: minted },
        ],
      });
      // Neither API takes the other's token, nor that of the MCP server.
      const others = [
        await get(archive, '/expenses', token),
        await get(archive, '/expenses', subject_token),
        await get(api, '/expenses', subject_token),
      ];
      expect(others.map((other) => other.status)).toEqual([401, 401, 401]);
    },
  );

  it.each(eras)(
    verifies(
      ['tb:sub-agent', 'rs:both-eras'],
      'MCP %s: a sub-agent does what its narrower token allows, and no more',
    ),
    async (era) => {
      const token = await tokenForAgent(await platform.login());
      const caller = mcpCaller(era, platform.resource);
      const read = await caller.call(token, 'list_expenses');
      expect([read.status, read.content?.seen.user, read.content?.seen.act]).toEqual([
        200,
        'alice',
        ['mcp-server', 'agent-7'],
      ]);
      const written = await caller.call(token, 'submit_expense', {
        amount: 1,
        currency: 'EUR',
        description: 'Tea',
      });
      expect([written.status, written.challenge]).toEqual([
        403,
        expect.stringMatching(/error="insufficient_scope"/),
      ]);
    },
  );

  it(
    verifies(
      ['tb:sub-agent', 'sc:tiers'],
      'a token is no fresher for being made anew: its login’s age counts',
    ),
    async () => {
      const iat = now() - 29 * 60;
      const old = await platform.login({ iat, exp: now() + 600 });
      const caller = mcpCaller('2026-07-28', platform.resource);
      expect((await caller.call(await tokenForAgent(old), 'list_expenses')).status).toBe(200);
      const older = await platform.login({ iat: iat - 120, exp: now() + 600 });
      const refused = await caller.call(await tokenForAgent(older), 'list_expenses');
      expect([refused.status, refused.challenge]).toEqual([
        401,
        expect.stringMatching(/error="invalid_token"/),
      ]);
    },
  );

  it(
    verifies(['tb:sub-agent', 'sc:allowed-tools'], 'a token that names its tools names them still'),
    async () => {
      const token = await tokenForAgent(await platform.login({ mcp_allowed_tools: ['whoami'] }));
      expect(decodeJwt(token)).toMatchObject({ mcp_allowed_tools: ['whoami'] });
      const caller = mcpCaller('2026-07-28', platform.resource);
      expect(await caller.list(token)).toEqual(['whoami']);
    },
  );

  it(verifies(['tb:mint', 'op:redaction'], 'no token is in what any of the processes wrote'), async () => {
    const { broker, mcpServer, api, archive, login, exchange, get } = platform;
    const subject_token = await login();
    const token = await exchange('mcp-server', { subject_token, audience: 'expenses-api' });
    await get(api, '/archive/expenses', token);
    const narrow = await tokenForAgent(subject_token);
    await mcpCaller('2026-07-28', platform.resource).call(narrow, 'list_expenses');
    const written = [broker, mcpServer, api, archive].map((app) => app.output()).join('\n');
    expect(written).toContain('mcp-obo.audit');
    for (const secret of [subject_token, token, narrow])
      for (const part of secret.split('.').slice(1)) expect(written).not.toContain(part);
  });
});

import { generateKeyPairSync } from 'node:crypto';
import { mintTarget, policyRule } from '@mcp-obo/testbed/broker-settings';
import { verifies } from '@mcp-obo/testbed/verifies';
import { describe, expect, it } from 'vitest';
import { claimsOf } from './fake-idp.ts';
import { accessTokenType, basic, createFixture, type Fixture, type Form } from './fixture.ts';
import { broker, brokerSettings, mcp } from './settings.ts';

const registration = 'orchestrator-at-acme';
const asOrchestrator = { authorization: basic('orchestrator', 'secret of orchestrator') };
const asLedger = { authorization: basic('ledger', 'secret of ledger') };
const pem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();

const client = (id: string, upstream: readonly object[] = []) => ({
  id,
  grants: ['token-exchange', 'client_credentials'],
  auth: { method: 'client_secret', secret: { value: `secret of ${id}` } },
  upstream,
});
const mcpScopes = ['mcp:tools', 'mcp:tools:execute', 'mcp:tools:read', 'expenses:read', 'expenses:write'];

const acme = 'https://idp.example/acme';

/**
 * An agent that logs users in for the MCP server and has sub-agents, and a ledger that calls an archive: clients of
 * a broker that mints for all three.
 */
async function createAgents(): Promise<Fixture> {
  const settings = (await brokerSettings(acme, 'https://idp.example/globex')) as Record<string, object[]> & {
    policy: { rules: object[] };
  };
  const { clients = [], resources = [], targets = [], policy } = settings;
  const upstream = {
    issuer: acme,
    client_id: registration,
    method: 'client_secret_basic',
    secret: { value: 'unused' },
  };
  return createFixture({
    config: {
      mint: { keys: [{ value: pem }] },
      clients: [...clients, client('orchestrator', [upstream]), client('agent-7'), client('ledger')],
      resources: [
        ...resources,
        { uri: 'api://ledger', owner: 'ledger', tenants: ['acme'], targets: ['archive'] },
      ],
      targets: [
        ...targets.filter((target) => (target as { name: string }).name !== 'ledger'),
        mintTarget('ledger', 'api://ledger', ['ledger.read']),
        mintTarget('archive', 'api://archive', ['archive.read']),
        mintTarget('mcp', mcp, mcpScopes),
        mintTarget('agents', broker, ['act'], ['act']),
      ],
      policy: {
        version: '1',
        rules: [
          ...policy.rules,
          policyRule('mcp-server', 'ledger', ['ledger.read'], { subject_scopes: ['expenses:read'] }),
          policyRule('mcp-server', 'mcp', ['expenses:read']),
          policyRule('ledger', 'archive', ['archive.read'], { subject_scopes: ['ledger.read'] }),
          policyRule('orchestrator', 'mcp', mcpScopes),
          policyRule('orchestrator', 'ledger', ['ledger.read']),
          policyRule('agent-7', 'agents', ['act'], { machine: true }),
        ],
      },
    },
  });
}

const fixture = await createAgents();
const { time } = fixture;
const narrower = { audience: 'mcp', scope: 'expenses:read' };

/** What an agent gets when a user logs in for the MCP server. */
const login = (claims: object = {}) =>
  fixture.subject({
    client_id: registration,
    scope: 'mcp:tools expenses:read',
    iat: time.now,
    exp: time.now + 900,
    ...claims,
  });

async function exchanged(form: Form, headers: Readonly<Record<string, string>>) {
  const response = await fixture.exchange(form, { headers });
  expect([response.statusCode, response.json().error_description]).toEqual([200, undefined]);
  const token: string = response.json().access_token;
  return { token, claims: claimsOf(token) };
}

/** The proof of agent-7 that it is there: a token of its own, for this broker. */
async function actorToken(): Promise<Form> {
  const form = { grant_type: 'client_credentials', audience: 'agents', scope: 'act' };
  const headers = { authorization: basic('agent-7', 'secret of agent-7') };
  const response = await fixture.post(form, { headers });
  expect(response.statusCode).toBe(200);
  return { actor_token: response.json().access_token, actor_token_type: accessTokenType };
}

describe('an orchestrator', () => {
  it(
    verifies('tb:sub-agent', 'gets a narrower, shorter token of the same audience that names its sub-agent'),
    async () => {
      const subject_token = await login();
      const { claims } = await exchanged(
        { ...narrower, subject_token, ...(await actorToken()) },
        asOrchestrator,
      );
      expect(claims).toMatchObject({
        iss: `${broker}/acme`,
        aud: mcp,
        scope: 'expenses:read',
        client_id: 'orchestrator',
        sub_id: { format: 'iss_sub', iss: acme, sub: 'user-alice' },
        act: { sub: 'agent-7', iss: `${broker}/acme` },
        exp: time.now + 300,
      });
      expect(fixture.acme.requests).toHaveLength(0);
    },
  );

  it(verifies('tb:sub-agent', 'stands for its sub-agent where that has no token of its own'), async () => {
    const { claims } = await exchanged({ ...narrower, subject_token: await login() }, asOrchestrator);
    expect(claims.act).toEqual({ sub: 'orchestrator', iss: `${broker}/acme` });
  });

  it(
    verifies(
      ['tb:sub-agent', 'tb:subject-check'],
      'narrows again what was minted for it, and the chain grows',
    ),
    async () => {
      const first = await exchanged(
        { ...narrower, scope: 'mcp:tools expenses:read', subject_token: await login() },
        asOrchestrator,
      );
      const form = {
        ...narrower,
        scope: 'mcp:tools:read',
        subject_token: first.token,
        ...(await actorToken()),
      };
      const { claims } = await exchanged(form, asOrchestrator);
      expect(claims).toMatchObject({
        scope: 'mcp:tools:read',
        origin: first.claims.origin,
        act: { sub: 'agent-7', act: { sub: 'orchestrator' } },
      });
      expect(Number(claims.exp)).toBeLessThanOrEqual(Number(first.claims.exp));
    },
  );

  it.each([
    ['a scope that its token lacks', { scope: 'expenses:write' }, 'invalid_scope'],
    ['a wider scope than its token has', { scope: 'mcp:tools expenses:write' }, 'invalid_scope'],
    ['another target than the token is for', { audience: 'ledger', scope: 'ledger.read' }, 'invalid_target'],
  ])(verifies(['tb:sub-agent', 'tb:subject-check'], 'is refused %s'), async (_what, form, error) => {
    const response = await fixture.exchange(
      { ...narrower, subject_token: await login(), ...form },
      { headers: asOrchestrator },
    );
    expect([response.statusCode, response.json().error]).toEqual([400, error]);
  });

  const foreign: readonly (readonly [string, () => Promise<string>, Readonly<Record<string, string>>])[] = [
    ['a token of another agent’s users', () => login({ client_id: 'inspector' }), asOrchestrator],
    [
      'a token that was minted for another client',
      async () => (await exchanged({ ...narrower, subject_token: await login() }, asOrchestrator)).token,
      { authorization: basic('agent-7', 'secret of agent-7') },
    ],
  ];
  it.each(foreign)(verifies('tb:subject-check', 'cannot make %s narrower'), async (_what, token, headers) => {
    const response = await fixture.exchange({ ...narrower, subject_token: await token() }, { headers });
    expect(response.json()).toMatchObject({ error: 'invalid_request', suberror: 'subject_refused' });
  });

  it(
    verifies('tb:sub-agent', 'cannot let an agent act that is of another tenant, or the user itself'),
    async () => {
      const actor_token_type = accessTokenType;
      const subject_token = await login();
      const stranger = await fixture.globex.mint({ sub: 'agent-9', client_id: 'agent-9', aud: broker });
      for (const actor_token of [stranger, await login()]) {
        const form = { ...narrower, subject_token, actor_token, actor_token_type };
        expect((await fixture.exchange(form, { headers: asOrchestrator })).json().error).toBe(
          'invalid_request',
        );
      }
    },
  );
});

describe('the MCP server', () => {
  it(
    verifies(
      ['tb:sub-agent', 'tb:resource-registry'],
      'cannot turn the token it was called with into a twin',
    ),
    async () => {
      const response = await fixture.exchange({ ...narrower, subject_token: await fixture.subject() });
      expect([response.statusCode, response.json().error]).toEqual([400, 'invalid_target']);
    },
  );

  it(
    verifies(
      'tb:sub-agent',
      'goes on with a sub-agent’s token to a target of the broker, and all are in the chain',
    ),
    async () => {
      const agents = await exchanged(
        { ...narrower, subject_token: await login(), ...(await actorToken()) },
        asOrchestrator,
      );
      const hop = await exchanged(
        { audience: 'ledger', scope: 'ledger.read', subject_token: agents.token },
        {},
      );
      const last = await exchanged(
        { audience: 'archive', scope: 'archive.read', subject_token: hop.token },
        asLedger,
      );
      expect(last.claims).toMatchObject({
        aud: 'api://archive',
        client_id: 'ledger',
        sub_id: { iss: acme, sub: 'user-alice' },
        act: { sub: 'ledger', act: { sub: 'mcp-server', act: { sub: 'agent-7' } } },
        origin: agents.claims.origin,
      });
    },
  );
});

describe('the API behind', () => {
  it(
    verifies(
      ['tb:sub-agent', 'tb:policy'],
      'reaches no more than its own resource may, with its own tokens alone',
    ),
    async () => {
      const hop = await exchanged(
        { audience: 'ledger', scope: 'ledger.read', subject_token: await fixture.subject() },
        {},
      );
      const refused = async (form: Form, headers: Readonly<Record<string, string>>) =>
        (await fixture.exchange({ subject_token: hop.token, ...form }, { headers })).json();
      // Back to the MCP server, over the target of the identity provider, and by the server that got the token.
      expect(await refused({ ...narrower }, asLedger)).toMatchObject({ error: 'invalid_target' });
      expect(await refused({ audience: 'expenses-api' }, asLedger)).toMatchObject({
        error: 'invalid_target',
      });
      expect(await refused({ audience: 'archive', scope: 'archive.read' }, {})).toMatchObject({
        error: 'invalid_target',
      });
      expect(await refused({ audience: 'archive', scope: 'archive.read' }, asOrchestrator)).toMatchObject({
        suberror: 'subject_refused',
      });
    },
  );
});

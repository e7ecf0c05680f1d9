import { verifies } from '@mcp-obo/testbed/verifies';
import { decodeJwt } from 'jose';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { exchangeAsMcpServer } from '../clients/fixture/exchange-as-mcp-server.ts';
import { discover } from '../clients/fixture/raw-login.ts';
import { userAtBrowser } from '../clients/fixture/user-at-browser.ts';
import { clientCredentials } from '../trace/fixture/traced-platform.ts';
import { eras, mcpCaller } from './fixture/call.ts';
import { eventsOf } from './fixture/events.ts';
import { logInAtRealm, type RealmLogin, realmEndpoint } from './fixture/log-in.ts';
import { addPerson } from './fixture/person.ts';

const platform = inject('platform');
const { secrets, version, clientId } = inject('keycloak');
const { urls } = platform;
const exchange = (token: string) => exchangeAsMcpServer({ urls, secrets }, token);

describe(`from nothing but the URL to rows, with Keycloak ${version}`, () => {
  it(
    verifies(
      ['rs:no-token', 'md:locations', 'md:resource', 'md:discovery'],
      'the challenge leads to the metadata of the resource, and that to Keycloak’s own',
    ),
    async () => {
      const { challenge, resource, server } = await discover(urls.mcp);
      expect(challenge.status).toBe(401);
      expect(challenge.headers.get('www-authenticate')).toBe(
        `Bearer scope="mcp:tools:execute expenses:read", resource_metadata="${new URL('/.well-known/oauth-protected-resource/mcp', urls.mcp)}"`,
      );
      expect(resource).toMatchObject({
        resource: urls.mcp,
        authorization_servers: [urls.issuers.acme, urls.issuers.globex],
        bearer_methods_supported: ['header'],
      });
      expect(server).toMatchObject({
        issuer: urls.issuers.acme,
        authorization_response_iss_parameter_supported: true,
        code_challenge_methods_supported: expect.arrayContaining(['S256']),
      });
      const openid = await fetch(`${urls.issuers.acme}/.well-known/openid-configuration`);
      expect(await openid.json()).toMatchObject({
        issuer: server.issuer,
        token_endpoint: server.token_endpoint,
      });
    },
  );

  it(
    verifies('cl:pkce', 'the page asks for name, password and consent, and answers with the issuer'),
    async () => {
      const someone = await addPerson('acme', '/expenses/auditors');
      const user = userAtBrowser(someone.platform, someone.username);
      const { callback, scopes } = await logInAtRealm(someone.platform, someone.username, {
        user,
        clientId: platform.clients.interactive.client_id,
      });
      expect(user.pages()).toEqual(['login', 'consent']);
      expect(callback.get('iss')).toBe(urls.issuers.acme);
      expect(scopes).toEqual(new Set(['mcp:tools:execute', 'expenses:read']));
    },
  );
});

describe.each(eras)('a call that a user’s token pays for, MCP %s', (era) => {
  const { list, call } = mcpCaller(era, urls.mcp);
  let alice: RealmLogin;
  beforeAll(async () => {
    alice = await logInAtRealm(platform, 'alice');
  });

  it(verifies('sc:list-filter', 'lists what an employee can ever do'), async () => {
    expect(await list(alice.accessToken)).toEqual([
      'whoami',
      'list_expenses',
      'get_expense',
      'submit_expense',
    ]);
  });

  it(
    verifies(
      ['tb:upstream-8693', 'tb:upstream-credential', 'rs:no-passthrough'],
      'reaches the API as a token of Keycloak’s for it alone, with less and for the same user',
    ),
    async () => {
      const { content } = await call(alice.accessToken, 'list_expenses');
      expect(content.expenses.map(({ owner }: { owner: string }) => owner)).toContain('alice');
      expect(content.seen).toMatchObject({
        user: 'alice',
        tenant: 'acme',
        client: urls.mcp,
        actor: urls.mcp,
        audience: ['api://expenses'],
        scopes: ['api:expenses.read'],
      });

      // The broker has it in its cache: this is the token that the API was shown.
      const before = alice.claims;
      const after = decodeJwt((await exchange(alice.accessToken)).accessToken);
      expect([before.aud, after.aud]).toEqual([urls.mcp, 'api://expenses']);
      expect([before.azp, after.azp]).toEqual([clientId, urls.mcp]);
      expect([before.scope, after.scope].map((scope) => new Set(String(scope).split(' ')))).toEqual([
        new Set(['mcp:tools:execute', 'expenses:read']),
        new Set(['api:expenses.read']),
      ]);
      expect([after.iss, after.sub, after.sid]).toEqual([before.iss, before.sub, before.sid]);
      expect(before).toHaveProperty('groups');
      expect(after).not.toHaveProperty('groups');
    },
  );

  it(
    verifies(['tb:cache-key', 'tb:cache-ttl'], 'asks Keycloak once, however often it is repeated'),
    async () => {
      for (const _ of [1, 2, 3]) await call(alice.accessToken, 'list_expenses');
      await call(alice.accessToken, 'get_expense', { id: 'exp-1' });
      const exchanges = await eventsOf('acme', 'TOKEN_EXCHANGE', alice.claims);
      expect(exchanges.map(({ clientId, userId, details }) => [clientId, userId, details?.scope])).toEqual([
        [urls.mcp, alice.claims.sub, 'api:expenses.read'],
      ]);
    },
  );

  it(verifies('rs:no-passthrough', 'the API takes the exchanged token and not the user’s own'), async () => {
    const ask = async (token: string) =>
      (await fetch(`${urls.downstream}/expenses`, { headers: { authorization: `Bearer ${token}` } })).status;
    expect(await ask(alice.accessToken)).toBe(401);
    expect(await ask((await exchange(alice.accessToken)).accessToken)).toBe(200);
  });

  it(
    verifies(
      ['sc:per-tool', 'sc:tiers', 'sc:roles'],
      'each tier with the user it is for: submitted, approved, reported, deleted',
    ),
    async () => {
      const base = 'mcp:tools:execute expenses:read';
      const [employee, manager, finance] = await Promise.all([
        logInAtRealm(platform, 'alice', { scope: `${base} expenses:write` }),
        logInAtRealm(platform, 'maria', { scope: `${base} expenses:approve expenses:export` }),
        logInAtRealm(platform, 'frank', { scope: `${base} expenses:admin` }),
      ]);
      const lunch = { amount: 12.5, currency: 'EUR', description: `Lunch, ${era}` };
      const submitted = await call(employee.accessToken, 'submit_expense', lunch);
      expect(submitted.content.expense).toMatchObject({ owner: 'alice', status: 'submitted' });
      const { id } = submitted.content.expense;
      const approved = await call(manager.accessToken, 'approve_expense', { id, amount: 12.5 });
      expect(approved.content.expense).toMatchObject({ id, status: 'approved', approved_by: 'maria' });
      const sent = await call(manager.accessToken, 'send_report', {
        to: 'audit@example.com',
        month: '2026-10',
      });
      expect(sent.content).toMatchObject({ sent: true });
      expect((await call(finance.accessToken, 'delete_expense', { id })).content).toEqual({ deleted: id });
      const gone = await call(employee.accessToken, 'get_expense', { id });
      expect(gone.toolError).toBeDefined();
    },
  );

  it(
    verifies(['sc:challenge', 'sc:per-tool'], 'a scope short: challenged with all of the operation’s'),
    async () => {
      const lunch = { amount: 1, currency: 'EUR', description: 'Tea' };
      const { status, challenge } = await call(alice.accessToken, 'submit_expense', lunch);
      expect(status).toBe(403);
      expect(challenge).toMatch(
        /^Bearer error="insufficient_scope", .*scope="mcp:tools:execute expenses:write"/,
      );
    },
  );

  it(
    verifies(
      ['sc:m2m', 'tb:m2m'],
      'a machine gets its totals with a token of the server’s own, and no user’s rows',
    ),
    async () => {
      const token = await clientCredentials(platform, realmEndpoint(urls.issuers.acme, 'token'));
      expect(decodeJwt(token)).toMatchObject({ aud: urls.mcp, azp: 'nightly-job', roles: ['machine'] });
      expect(await list(token)).toEqual(['whoami', 'nightly_totals']);
      const { content } = await call(token, 'nightly_totals');
      expect(content.totals.length).toBeGreaterThan(0);
      const refused = await call(token, 'list_expenses');
      expect(refused.content).toBeUndefined();
      expect(refused.answer.messages[0].error.code).toBe(-32602);
    },
  );
});

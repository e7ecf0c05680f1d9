import { randomUUID } from 'node:crypto';
import { verifies } from '@mcp-obo/testbed/verifies';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { askBroker } from '../clients/fixture/exchange-as-mcp-server.ts';
import { eras, mcpCaller } from './fixture/call.ts';
import { eventsOf, sharedAdmin } from './fixture/events.ts';
import { newEvidence } from './fixture/evidence.ts';
import { exchangeAtKeycloak } from './fixture/exchange-at-keycloak.ts';
import { logInAtRealm, type RealmLogin, refresh } from './fixture/log-in.ts';
import { addPerson, type OwnPerson } from './fixture/person.ts';
import { addMapper, giveUninvited, unbindScope } from './fixture/realm.ts';

const platform = inject('platform');
const { secrets, clientId } = inject('keycloak');
const { urls } = platform;
const { acme, globex } = urls.issuers;

const ask = (subjectToken: string, scope?: string, headers = {}) =>
  askBroker({ urls, secrets }, { subjectToken, headers, ...(scope !== undefined && { scope }) });

const askKeycloak = (subjectToken: string, scope: string, audience = 'api://expenses') =>
  exchangeAtKeycloak(subjectToken, { scope, ...(audience !== '' && { audience }) });

describe('what Keycloak would give and the broker does not ask for', () => {
  let bob: RealmLogin;
  beforeAll(async () => {
    bob = await logInAtRealm(platform, 'bob');
  });

  it(
    verifies(
      ['tb:policy', 'tb:narrow-only'],
      'a scope the user’s token has nothing for: refused, Keycloak not asked',
    ),
    async () => {
      const direct = await askKeycloak(bob.accessToken, 'api:expenses.write');
      expect([direct.status, direct.body.scope]).toEqual([200, 'api:expenses.write']);

      for (const scope of ['api:expenses.write', 'api:expenses.read api:expenses.write']) {
        const evidence = newEvidence();
        const { status, body } = await ask(bob.accessToken, scope, evidence.headers);
        expect([status, body.error, body.access_token]).toEqual([400, 'invalid_scope', undefined]);
        const records = await evidence.audit('broker');
        expect(records).toEqual([
          expect.objectContaining({
            type: 'exchange',
            decision: 'refuse',
            target: 'expenses-api',
            subject_client_id: clientId,
            user: { issuer: acme, key: bob.claims.sub },
          }),
        ]);
      }
      const exchanges = await eventsOf('acme', 'TOKEN_EXCHANGE', bob.claims);
      expect(exchanges.map(({ details }) => details?.scope)).toEqual(['api:expenses.write']);
    },
  );

  it(verifies('tb:policy', 'a scope that belongs to the MCP server itself, for no user'), async () => {
    for (const scope of ['mcp:tools:execute', 'api:expenses.totals', 'openid']) {
      const { status, body } = await ask(bob.accessToken, scope);
      expect([scope, status, body.error]).toEqual([scope, 400, 'invalid_scope']);
    }
  });

  it(
    verifies(
      'tb:narrow-only',
      'further audiences: the one that is asked for is all there is, whatever is mapped',
    ),
    async () => {
      const undo = await addMapper('acme', urls.mcp, 'oidc-audience-mapper', {
        'included.custom.audience': 'https://other.example',
        'access.token.claim': 'true',
      });
      try {
        // Without the parameter it would be there, and with it, it is not.
        const without = await askKeycloak(bob.accessToken, 'api:expenses.read', '');
        expect(decodeJwt(without.body.access_token).aud).toContain('https://other.example');
        const { body } = await ask(bob.accessToken);
        expect(decodeJwt(body.access_token ?? '').aud).toBe('api://expenses');
      } finally {
        await undo();
      }
    },
  );
});

describe.each(eras)('what Keycloak gives uninvited, MCP %s', (era) => {
  const { call } = mcpCaller(era, urls.mcp);

  it(
    verifies(
      ['tb:narrow-only', 'tb:error-map', 'op:audit'],
      'a scope above the ceiling: refused as our fault and kept nowhere, and good again when it is mended',
    ),
    async () => {
      const manager = await addPerson('globex', '/expenses/managers');
      const { accessToken, claims } = await logInAtRealm(manager.platform, manager.username);
      const undo = await giveUninvited('globex', urls.mcp, 'api:expenses.approve');
      try {
        for (const _ of [1, 2]) {
          const evidence = newEvidence();
          const { status, answer, challenge } = await call(
            accessToken,
            'list_expenses',
            {},
            evidence.headers,
          );
          expect([status, challenge]).toEqual([502, null]);
          expect(answer.messages[0].error.message).toBe(
            'The authorization server sent an answer that cannot be used.',
          );
          const [record] = (await evidence.audit('broker')).filter(({ type }) => type === 'exchange');
          expect(record).toMatchObject({
            decision: 'fault',
            reason: 'answer_scope',
            tenant: 'globex',
            user: { issuer: globex, key: claims.sub },
          });
          await expect
            .poll(() => evidence.complaints('broker'))
            .toContainEqual(
              expect.objectContaining({ alarm: true, reason: 'answer_scope', msg: 'exchange alarm' }),
            );
          expect(evidence.heardOf('downstream-api')).toBe(false);
        }
      } finally {
        await undo();
      }
      const exchanges = await eventsOf('globex', 'TOKEN_EXCHANGE', claims);
      expect(exchanges.map(({ details }) => new Set(details?.scope?.split(' ')))).toEqual([
        new Set(['api:expenses.read', 'api:expenses.approve']),
        new Set(['api:expenses.read', 'api:expenses.approve']),
      ]);
      expect((await ask(accessToken)).body.scope).toBe('api:expenses.read');
    },
  );
});

describe('a user’s token with an audience too many', () => {
  const admin = sharedAdmin();
  const clientId = `full-scope-${randomUUID()}`;
  let someone: OwnPerson;
  beforeAll(async () => {
    someone = await addPerson('acme', '/expenses/employees');
    const api = await admin.client('acme', 'api://expenses');
    const role = { name: `reader-${someone.username}` };
    await admin.request('POST', `acme/clients/${api.id}/roles`, role);
    const made = await admin.request('GET', `acme/clients/${api.id}/roles/${role.name}`);
    await admin.request('POST', `acme/users/${someone.id}/role-mappings/clients/${api.id}`, [made]);
    const { id: _, clientId: __, ...like } = await admin.client('acme', 'mcp-obo-dev');
    await admin.request('POST', 'acme/clients', {
      ...like,
      clientId,
      fullScopeAllowed: true,
      // Realms made by hand have this mapper in the scope `roles`, which every client gets.
      protocolMappers: [
        {
          name: 'audience resolve',
          protocol: 'openid-connect',
          protocolMapper: 'oidc-audience-resolve-mapper',
          config: { 'access.token.claim': 'true' },
        },
      ],
    });
  });
  afterAll(async () => {
    const { id } = await admin.client('acme', clientId);
    await admin.request('DELETE', `acme/clients/${id}`);
  });

  it(
    verifies(
      'rs:audience',
      'is refused: Full scope allowed adds every client on which the user has a role, also the API’s',
    ),
    async () => {
      const { accessToken, claims } = await logInAtRealm(someone.platform, someone.username, { clientId });
      expect(new Set([claims.aud].flat())).toEqual(new Set([urls.mcp, 'api://expenses', 'account']));
      for (const era of eras) {
        const evidence = newEvidence();
        const { status, challenge } = await mcpCaller(era, urls.mcp).call(
          accessToken,
          'whoami',
          {},
          evidence.headers,
        );
        expect([status, challenge]).toEqual([401, expect.stringMatching(/^Bearer error="invalid_token"/)]);
        expect(await evidence.audit('mcp-server')).toEqual([
          expect.objectContaining({ type: 'authentication', decision: 'refuse', reason: 'audience' }),
        ]);
      }
    },
  );
});

describe.each(eras)('a scope that is bound to a role, MCP %s', (era) => {
  const { list, call } = mcpCaller(era, urls.mcp);
  const wanted = 'mcp:tools:execute expenses:read expenses:export';
  const report = { to: 'audit@example.com', month: '2026-10' };

  it(
    verifies(
      ['sc:roles', 'sc:list-filter'],
      'vanishes in silence at login, and the tool is hidden as from anybody without the role',
    ),
    async () => {
      const { accessToken, scopes } = await logInAtRealm(platform, 'bob', { scope: wanted });
      expect(scopes).toEqual(new Set(['mcp:tools:execute', 'expenses:read']));
      expect(await list(accessToken)).not.toContain('send_report');
      const { answer } = await call(accessToken, 'send_report', report);
      const unknown = await call(accessToken, 'no_such_tool', report);
      expect(answer.messages[0].error.code).toBe(unknown.answer.messages[0].error.code);
    },
  );

  it(
    verifies(
      ['sc:challenge', 'sc:degrade'],
      'and vanishes again after the step-up: a sentence that says so, and no second challenge',
    ),
    async () => {
      const manager = await addPerson('globex', '/expenses/managers');
      const first = await logInAtRealm(manager.platform, manager.username);
      const challenged = await call(first.accessToken, 'send_report', report);
      expect([challenged.status, challenged.challenge]).toEqual([
        403,
        expect.stringContaining('scope="mcp:tools:execute expenses:export"'),
      ]);
      // In this realm the role that has the permission here is not the one that the scope is bound to.
      const undo = await unbindScope('globex', 'expenses:export', 'manager');
      try {
        const second = await logInAtRealm(manager.platform, manager.username, { scope: wanted });
        expect(second.scopes).not.toContain('expenses:export');
        const { status, challenge, toolError } = await call(second.accessToken, 'send_report', report);
        expect([status, challenge]).toEqual([200, null]);
        expect(toolError).toContain('The new token does not bring what this tool needs either');
      } finally {
        await undo();
      }
    },
  );

  it(
    verifies(
      ['tb:error-map', 'sc:roles'],
      'and vanishes from the exchange when the role is gone: a new token is asked for, which no longer has it',
    ),
    async () => {
      const someone = await addPerson('acme', '/expenses/employees');
      const scope = 'mcp:tools:execute expenses:write';
      const before = await logInAtRealm(someone.platform, someone.username, { scope });
      expect(before.scopes).toContain('expenses:write');
      const [group] = (await sharedAdmin().request('GET', `acme/users/${someone.id}/groups`)) as {
        id: string;
      }[];
      await sharedAdmin().request('DELETE', `acme/users/${someone.id}/groups/${group?.id}`);

      const evidence = newEvidence();
      const lunch = { amount: 5, currency: 'EUR', description: 'Sandwich' };
      const refused = await call(before.accessToken, 'submit_expense', lunch, evidence.headers);
      expect([refused.status, refused.challenge]).toEqual([
        401,
        expect.stringMatching(/^Bearer error="invalid_token"/),
      ]);
      expect((await evidence.audit('broker')).at(-1)).toMatchObject({ reason: 'subject_refused' });
      const after = await refresh(acme, before.refreshToken);
      expect(after.body.scope).toBe('mcp:tools:execute');
      expect(await list(after.body.access_token)).toEqual(['whoami', 'list_expenses', 'get_expense']);
    },
  );
});

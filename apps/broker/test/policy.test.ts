import { verifies } from '@mcp-obo/testbed/verifies';
import { beforeAll, describe, expect, it } from 'vitest';
import { claimsOf } from './fake-idp.ts';
import { asReports, createFixture, type Fixture } from './fixture.ts';
import { reports } from './settings.ts';

let fixture: Fixture;
beforeAll(async () => {
  fixture = await createFixture();
});

describe('the policy', () => {
  it.each([
    ['X07: a target that no rule gives this client', { audience: 'ledger', scope: '' }, 'invalid_target'],
    ['X09: a scope above the ceiling', { scope: 'api:expenses.approve' }, 'invalid_scope'],
    ['X09: a scope whose subject scope is missing', { scope: 'api:expenses.write' }, 'invalid_scope'],
    ['X09: a scope for machines', { scope: 'api:expenses.totals' }, 'invalid_scope'],
    ['X09: one scope too many', { scope: 'api:expenses.read api:expenses.write' }, 'invalid_scope'],
  ])(verifies('tb:policy', 'denies %s'), async (_what, form, error) => {
    const before = fixture.acme.requests.length;
    const response = await fixture.exchange(form);
    expect([response.statusCode, response.json().error]).toEqual([400, error]);
    expect(fixture.acme.requests).toHaveLength(before);
  });

  it(verifies('tb:policy', 'gives more to a subject that holds more'), async () => {
    const subject_token = await fixture.subject({ scope: 'expenses:read expenses:write' });
    const response = await fixture.exchange({ subject_token, scope: 'api:expenses.write api:expenses.read' });
    expect(response.json().scope).toBe('api:expenses.read api:expenses.write');
    const all = await fixture.exchange({ subject_token, scope: '' });
    expect(all.json().scope).toBe('api:expenses.read api:expenses.write');
  });

  it(verifies('tb:policy', 'gives nothing to a subject that holds none of the scopes'), async () => {
    const subject_token = await fixture.subject({ scope: 'mcp:tools:execute' });
    expect((await fixture.exchange({ subject_token, scope: '' })).json().error).toBe('invalid_scope');
  });

  it(verifies('tb:policy', 'speaks of a client in a tenant, not of a client alone'), async () => {
    const config = {
      policy: {
        version: '2',
        rules: [
          {
            clients: ['reports-server'],
            target: 'expenses-api',
            tenants: ['globex'],
            scopes: ['api:expenses.read'],
          },
        ],
      },
    };
    const other = await createFixture({ config });
    const form = { subject_token: await other.subject({ aud: reports }) };
    expect((await other.exchange(form, { headers: asReports })).json().error).toBe('invalid_target');
  });
});

describe('what comes back', () => {
  const answers: readonly (readonly [string, Readonly<Record<string, unknown>>])[] = [
    ['a scope above the ceiling', { scope: 'api:expenses.read api:expenses.approve' }],
    ['another audience', { aud: 'api://ledger' }],
    ['a further audience', { aud: ['api://expenses', 'api://ledger'] }],
    ['the MCP server as audience', { aud: 'https://mcp.example/mcp' }],
    ['another user', { sub: 'user-bob' }],
    ['another issuer', { iss: 'https://idp.example/globex' }],
    ['a life that is over', { iat: 1, exp: 2 }],
    ['no user', { sub: 'https://mcp.example/mcp' }],
  ];
  it.each(answers)(
    verifies('tb:narrow-only', 'with %s is refused with 502 and never kept'),
    async (_what, claims) => {
      const { acme, exchange, subject } = fixture;
      acme.answerWith((request) => acme.mintAnswer(request, claims));
      const form = { subject_token: await subject() };
      const response = await exchange(form);
      expect([response.statusCode, response.json().error]).toEqual([502, 'server_error']);
      acme.answerWith(undefined);
      expect((await exchange(form)).statusCode).toBe(200);
    },
  );

  it(verifies('tb:narrow-only', 'with a life beyond the subject’s is capped, not refused'), async () => {
    const { acme, exchange, subject, time } = fixture;
    acme.answerWith((request) => acme.mintAnswer(request, { exp: time.now + 3600 }));
    const response = await exchange({ subject_token: await subject({ exp: time.now + 120 }) });
    acme.answerWith(undefined);
    expect(response.statusCode).toBe(200);
    expect(response.json().expires_in).toBe(120);
    expect(claimsOf(response.json().access_token).exp).toBe(time.now + 3600);
  });
});

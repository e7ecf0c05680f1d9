import { verifies } from '@mcp-obo/testbed/verifies';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Api, idsOf, startApi, type Tenant } from './api.ts';

let api: Api;
beforeEach(async () => {
  api = await startApi();
});
afterEach(() => api.close());

const as = (user: string, name: string, tenant: Tenant = 'acme') =>
  api.token(`u-${user}`, `api:expenses.${name}`, {}, tenant);

describe('rows', () => {
  it.each<[string, Tenant, string, string[]]>([
    ['alice', 'acme', 'her own', ['exp-1', 'exp-2']],
    ['bob', 'acme', 'his own', ['exp-3', 'exp-4']],
    ['maria', 'acme', 'her own and her team’s', ['exp-1', 'exp-2', 'exp-3', 'exp-4', 'exp-5']],
    ['frank', 'acme', 'all of the tenant', ['exp-1', 'exp-2', 'exp-3', 'exp-4', 'exp-5', 'exp-6']],
    ['audrey', 'acme', 'all of the tenant', ['exp-1', 'exp-2', 'exp-3', 'exp-4', 'exp-5', 'exp-6']],
    ['gina', 'globex', 'her own', ['exp-7']],
    ['gus', 'globex', 'all of the other tenant', ['exp-7']],
  ])(verifies('rs:user', 'for %s of %s are %s'), async (user, tenant, _which, ids) => {
    const { body } = await api.call('GET', '/expenses', await as(user, 'read', tenant));
    expect(idsOf(body)).toEqual(ids);
  });

  it.each<[string, Tenant, string]>([
    ['alice', 'acme', 'exp-3'],
    ['maria', 'acme', 'exp-6'],
    ['frank', 'acme', 'exp-7'],
    ['gus', 'globex', 'exp-1'],
    ['alice', 'acme', 'exp-none'],
  ])('that %s of %s may not see are not there: %s', async (user, tenant, id) => {
    const { status, body } = await api.call('GET', `/expenses/${id}`, await as(user, 'read', tenant));
    expect({ status, code: body.code }).toEqual({ status: 404, code: 'not_found' });
    expect(body.detail).toBe(`There is no expense ${id} that you may see.`);
  });

  it('can be asked for by status', async () => {
    const bearer = await as('alice', 'read');
    expect(idsOf((await api.call('GET', '/expenses?status=approved', bearer)).body)).toEqual(['exp-2']);
    expect(idsOf((await api.call('GET', '/expenses?status=submitted', bearer)).body)).toEqual(['exp-1']);
    expect((await api.call('GET', '/expenses?status=all', bearer)).body.code).toBe('invalid_request');
    const twice = await api.call('GET', '/expenses?status=approved&status=submitted', bearer);
    expect(twice.body.code).toBe('invalid_request');
  });

  it('survive text that would be SQL', async () => {
    const description = "'); DROP TABLE expenses; --";
    const { body } = await api.call('POST', '/expenses', await as('alice', 'write'), {
      amount: 1,
      currency: 'EUR',
      description,
    });
    expect(body.expense.description).toBe(description);
    expect(idsOf((await api.call('GET', '/expenses', await as('alice', 'read'))).body)).toHaveLength(3);
    const injected = await api.call(
      'GET',
      `/expenses/${encodeURIComponent("x' OR 1=1 --")}`,
      await as('alice', 'read'),
    );
    expect(injected.status).toBe(400);
  });
});

describe('submitting', () => {
  it('adds an expense of the user of the token, of today', async () => {
    const { status, body } = await api.call('POST', '/expenses', await as('alice', 'write'), {
      amount: 12.34,
      currency: 'EUR',
      description: 'Book',
    });
    expect(status).toBe(201);
    expect(body.expense).toEqual({
      id: 'new-1',
      owner: 'alice',
      amount: 12.34,
      currency: 'EUR',
      description: 'Book',
      submitted: '2026-11-20',
      status: 'submitted',
    });
    expect(body.seen.user).toBe('alice');
  });

  it.each([
    ['no body', undefined],
    ['no amount', { currency: 'EUR', description: 'x' }],
    ['a negative amount', { amount: -1, currency: 'EUR', description: 'x' }],
    ['an amount as text', { amount: '1', currency: 'EUR', description: 'x' }],
    ['three decimals', { amount: 1.005, currency: 'EUR', description: 'x' }],
    ['an amount above a million', { amount: 1_000_000.01, currency: 'EUR', description: 'x' }],
    ['an unknown spelling of a currency', { amount: 1, currency: 'euro', description: 'x' }],
    ['an empty description', { amount: 1, currency: 'EUR', description: ' ' }],
    ['a long description', { amount: 1, currency: 'EUR', description: 'x'.repeat(201) }],
    ['a list', [1]],
  ])('refuses %s', async (_case, body) => {
    const answer = await api.call('POST', '/expenses', await as('alice', 'write'), body);
    expect({ status: answer.status, code: answer.body.code }).toEqual({
      status: 400,
      code: 'invalid_request',
    });
  });

  it('names every bad member', async () => {
    const { body } = await api.call('POST', '/expenses', await as('alice', 'write'), {
      amount: -1,
      currency: 'x',
    });
    expect(body.detail).toMatch(/amount: .*currency: .*description: /);
  });

  it('is not for an auditor', async () => {
    const { body } = await api.call('POST', '/expenses', await as('audrey', 'write'), {
      amount: 1,
      currency: 'EUR',
      description: 'x',
    });
    expect(body).toMatchObject({ status: 403, code: 'role_required' });
  });
});

describe('approving', () => {
  const approve = async (user: string, id: string, amount: number) =>
    api.call('POST', `/expenses/${id}/approve`, await as(user, 'approve'), { amount });

  it('is done by the manager, for the true amount', async () => {
    const { status, body } = await approve('maria', 'exp-1', 48.2);
    expect(status).toBe(200);
    expect(body.expense).toMatchObject({ id: 'exp-1', status: 'approved', approved_by: 'maria' });
  });

  it(
    verifies('sc:arguments', 'checks that the amount is true and changes nothing when it is not'),
    async () => {
      const { status, body } = await approve('maria', 'exp-4', 18.5);
      expect({ status, code: body.code }).toEqual({ status: 409, code: 'amount_mismatch' });
      expect(body.detail).toBe('The amount of expense exp-4 is 1850 EUR, not 18.5. Nothing was approved.');
      const { body: after } = await api.call('GET', '/expenses/exp-4', await as('maria', 'read'));
      expect(after.expense.status).toBe('submitted');
    },
  );

  it.each([
    ['the own expense of a manager', 'maria', 'exp-5', 310, 403, 'own_expense'],
    ['what is approved already', 'maria', 'exp-2', 129, 409, 'already_approved'],
    ['an expense of nobody in the team', 'maria', 'exp-6', 15.75, 404, 'not_found'],
    ['an expense of the other tenant', 'maria', 'exp-7', 64, 404, 'not_found'],
    ['by an employee', 'alice', 'exp-1', 48.2, 403, 'role_required'],
    ['by finance', 'frank', 'exp-1', 48.2, 403, 'role_required'],
    ['by an auditor', 'audrey', 'exp-1', 48.2, 403, 'role_required'],
  ])('refuses %s', async (_case, user, id, amount, status, code) => {
    const answer = await approve(user, id, amount);
    expect({ status: answer.status, code: answer.body.code }).toEqual({ status, code });
  });
});

describe('deleting', () => {
  it('is done by finance, once', async () => {
    const { status, body } = await api.call('DELETE', '/expenses/exp-1', await as('frank', 'admin'));
    expect({ status, body }).toMatchObject({ status: 200, body: { deleted: 'exp-1' } });
    expect((await api.call('DELETE', '/expenses/exp-1', await as('frank', 'admin'))).status).toBe(404);
  });

  it.each([
    ['alice', 'exp-1', 'role_required'],
    ['maria', 'exp-1', 'role_required'],
    ['audrey', 'exp-1', 'role_required'],
    ['frank', 'exp-7', 'not_found'],
  ])('is refused to %s for %s: %s', async (user, id, code) => {
    const { body } = await api.call('DELETE', `/expenses/${id}`, await as(user, 'admin'));
    expect(body.code).toBe(code);
    const { count } = api.database.prepare('SELECT count(*) AS count FROM expenses').get() as {
      count: number;
    };
    expect(count).toBe(7);
  });
});

describe('a report', () => {
  it('holds the rows of the month that the user may see, and their sums', async () => {
    const { body } = await api.call('GET', '/reports/2026-10', await as('maria', 'read'));
    expect(idsOf(body)).toEqual(['exp-1', 'exp-2', 'exp-3', 'exp-4', 'exp-5']);
    expect(body.totals).toEqual([
      { currency: 'EUR', status: 'submitted', count: 4, amount: 2231.7 },
      { currency: 'EUR', status: 'approved', count: 1, amount: 129 },
    ]);
    expect((await api.call('GET', '/reports/2026-09', await as('maria', 'read'))).body.expenses).toEqual([]);
  });

  it.each(['2026-13', '2026', '%25', 'october'])('of %s is refused', async (month) => {
    const { body } = await api.call('GET', `/reports/${month}`, await as('maria', 'read'));
    expect(body.code).toBe('invalid_request');
  });
});

describe('totals', () => {
  it(verifies('sc:m2m', 'are for machines, over the tenant of the token'), async () => {
    const { body } = await api.call('GET', '/totals', await api.machineToken('api:expenses.totals'));
    expect(body.totals).toEqual([
      { currency: 'EUR', status: 'approved', count: 1, amount: 129 },
      { currency: 'EUR', status: 'submitted', count: 5, amount: 2247.45 },
    ]);
    expect(body.seen).toMatchObject({ tenant: 'acme', user: null });
    const other = await api.call('GET', '/totals', await api.machineToken('api:expenses.totals', 'globex'));
    expect(other.body.totals).toEqual([{ currency: 'USD', status: 'submitted', count: 1, amount: 64 }]);
  });

  it('can be of one day', async () => {
    const bearer = await api.machineToken('api:expenses.totals');
    const { body } = await api.call('GET', '/totals?date=2026-10-05', bearer);
    expect(body.totals).toEqual([{ currency: 'EUR', status: 'submitted', count: 1, amount: 48.2 }]);
    expect((await api.call('GET', '/totals?date=yesterday', bearer)).body.code).toBe('invalid_request');
  });

  it('are refused to a user, also with the scope', async () => {
    const { status, body } = await api.call('GET', '/totals', await as('frank', 'totals'));
    expect({ status, code: body.code }).toEqual({ status: 403, code: 'machine_required' });
  });
});

it(verifies('sc:m2m', 'a machine reads no rows, also with the scope'), async () => {
  const { status, body } = await api.call('GET', '/expenses', await api.machineToken('api:expenses.read'));
  expect({ status, code: body.code }).toEqual({ status: 403, code: 'user_required' });
});

describe('the audit', () => {
  it(
    verifies('op:audit', 'has one record for each decision, with user, client, actors and reason'),
    async () => {
      await api.call('GET', '/expenses/exp-1', await as('alice', 'read'));
      await api.call('GET', '/expenses/exp-3', await as('alice', 'read'));
      await api.call('GET', '/expenses/exp-1', await as('alice', 'write'));
      expect(api.records).toEqual([
        expect.objectContaining({
          type: 'authorization',
          decision: 'allow',
          resource: 'GET /expenses/:id',
          tenant: 'acme',
          user: { issuer: 'https://idp.example/acme', key: 'u-alice' },
          client_id: 'https://mcp.example/mcp',
          act: [{ sub: 'https://mcp.example/mcp' }],
        }),
        expect.objectContaining({ type: 'authorization', decision: 'refuse', reason: 'not_found' }),
        expect.objectContaining({ type: 'authorization', decision: 'refuse', reason: 'insufficient_scope' }),
      ]);
    },
  );

  it('comes before the change: what cannot be recorded is not done, and says nothing of why', async () => {
    const bearer = await as('frank', 'admin');
    api.failAudit(new Error('the disk is full'));
    const { status, body } = await api.call('DELETE', '/expenses/exp-1', bearer);
    expect({ status, code: body.code }).toEqual({ status: 500, code: 'server_error' });
    expect(JSON.stringify(body)).not.toContain('disk');
    const { count } = api.database.prepare('SELECT count(*) AS count FROM expenses').get() as {
      count: number;
    };
    expect(count).toBe(7);
  });
});

describe('a body', () => {
  const post = async (payload: string, type = 'application/json') => {
    const response = await api.app.inject({
      method: 'POST',
      url: '/expenses',
      headers: { authorization: `Bearer ${await as('alice', 'write')}`, 'content-type': type },
      payload,
    });
    return { status: response.statusCode, code: (response.json() as { code: string }).code };
  };

  it.each([
    ['is broken JSON', '{"amount":', 400, 'invalid_request'],
    ['is empty', '', 400, 'invalid_request'],
    ['has a __proto__', '{"__proto__":{"amount":1}}', 400, 'invalid_request'],
    ['is too large', `{"description":"${'x'.repeat(70_000)}"}`, 413, 'body_too_large'],
  ])('that %s is refused', async (_case, payload, status, code) => {
    expect(await post(payload)).toEqual({ status, code });
  });

  it('that is no JSON at all is refused', async () => {
    expect(await post('amount=1', 'application/x-www-form-urlencoded')).toEqual({
      status: 415,
      code: 'unsupported_media_type',
    });
  });
});

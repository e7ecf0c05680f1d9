import { verifies } from '@mcp-obo/testbed/verifies';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { messageOf, modern, startApp } from '../test/fixture.ts';

let server: Awaited<ReturnType<typeof startApp>>;
beforeAll(async () => {
  server = await startApp({}, { file: 'tiers: { read-write: { approval: session } }' });
});
afterAll(() => server.close());
afterEach(() => {
  server.asked.length = 0;
});

const frank = { sub: 'frank', roles: ['finance'], scope: 'mcp:tools:execute expenses:admin expenses:write' };
const form = { elicitation: { form: {} } };

interface Call {
  readonly tool?: string;
  readonly args?: object;
  readonly who?: object;
  readonly capabilities?: object;
  readonly requestState?: string;
  readonly answer?: unknown;
}

/** A call by a request of 2026-07-28, or the same call again with what its user answered. */
async function call({ tool = 'delete_expense', args = { id: 'exp-1' }, ...more }: Call) {
  const { params, headers } = modern('tools/call', { name: tool, arguments: args });
  const { who = frank, capabilities = form, requestState, answer } = more;
  const _meta = { ...params._meta, 'io.modelcontextprotocol/clientCapabilities': capabilities };
  const retried = requestState === undefined ? {} : { requestState, inputResponses: { approval: answer } };
  const body = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { ...params, ...retried, _meta } };
  const token = await server.token({ ...who });
  const response = await server.send(body, { ...headers, authorization: `Bearer ${token}` });
  expect(response.statusCode).toBe(200);
  return messageOf(response).result;
}

const yes = { action: 'accept', content: { approve: true } };
const asked = async (more: Call = {}) => {
  const result = await call(more);
  expect(result.resultType).toBe('input_required');
  return result as { requestState: string; inputRequests: { approval: { params: { message: string } } } };
};
/** Whether the API was asked to do it. */
const done = () => server.asked.some(({ init }) => init?.method === 'DELETE');
const lastDecision = () =>
  JSON.parse(server.records.findLast((line) => line.includes('"authorization"')) ?? '{}');

describe('a call of the most dangerous tier', () => {
  it(verifies('sc:approval', 'is made after its user approved these arguments'), async () => {
    const { requestState, inputRequests } = await asked();
    expect(inputRequests.approval.params.message).toBe(
      'Your assistant wants to use the tool delete_expense with {"id":"exp-1"}. Do you approve?',
    );
    expect(done()).toBe(false);
    expect(lastDecision()).toMatchObject({ decision: 'ask', tool: 'delete_expense' });
    expect(await call({ requestState, answer: yes })).not.toHaveProperty('isError', true);
    expect(done()).toBe(true);
    expect(server.records.findLast((line) => line.includes('"authorization"'))).toContain(
      '"decision":"allow"',
    );
  });

  it.each([
    ['the user says no', { action: 'decline' }],
    ['the user closes the question', { action: 'cancel' }],
    ['the form comes back without the tick', { action: 'accept', content: { approve: false } }],
    ['the form comes back empty', { action: 'accept' }],
    ['the tick is a word', { action: 'accept', content: { approve: 'true' } }],
    ['the answer is missing', undefined],
  ])(verifies('sc:approval', 'is not made when %s, and the audit says so'), async (_case, answer) => {
    const { requestState } = await asked();
    const result = await call({ requestState, answer });
    expect(result.content[0].text).toContain('did not approve');
    expect(done()).toBe(false);
    expect(lastDecision()).toMatchObject({ decision: 'refuse', reason: 'approval_denied' });
  });

  it.each<readonly [string, Call]>([
    ['with other arguments', { args: { id: 'exp-2' } }],
    ['for another user', { who: { ...frank, sub: 'other' } }],
    ['for another client', { who: { ...frank, client_id: 'other' } }],
    ['for another tool', { tool: 'submit_expense', args: { amount: 1, currency: 'EUR', description: 'x' } }],
  ])(verifies('sc:approval', 'is asked for again %s'), async (_case, other) => {
    const { requestState } = await asked();
    const who = { ...frank, roles: ['finance', 'employee'] };
    const again = await asked({ who, ...other, requestState, answer: yes });
    expect(again.requestState).not.toBe(requestState);
    expect(done()).toBe(false);
  });

  it(
    verifies('sc:approval', 'is asked for again when the answer was used, or belongs to no question'),
    async () => {
      const { requestState } = await asked();
      await call({ requestState, answer: yes });
      await asked({ requestState, answer: yes });
      await asked({ requestState: 'a'.repeat(43), answer: yes });
      await asked({ requestState: '{"approved":true}', answer: yes });
    },
  );

  it.each([
    ['cannot be asked anything', {}],
    ['can open links only', { elicitation: { url: {} } }],
  ])(verifies('sc:approval', 'is refused in words when its client %s'), async (_case, capabilities) => {
    const result = await call({ capabilities });
    expect(result.content[0].text).toContain('needs the approval of the user');
    expect(done()).toBe(false);
  });

  it(
    verifies('sc:approval', 'is asked for by a form when the client names no modes (2025-06-18)'),
    async () => {
      await asked({ capabilities: { elicitation: {} } });
    },
  );
});

describe('a tier that asks once a session', () => {
  const alice = { sub: 'alice', roles: ['employee'], scope: 'mcp:tools:execute expenses:write' };
  const submit = { tool: 'submit_expense', args: { amount: 1, currency: 'EUR', description: 'x' } };

  it(verifies('sc:approval', 'asks once for all calls of that session, and again in the next'), async () => {
    const session = { ...alice, sid: 'first' };
    const { requestState, inputRequests } = await asked({ ...submit, who: session });
    expect(inputRequests.approval.params.message).toContain('for as long as you are signed in');
    const first = { ...submit, who: session };
    expect(await call({ ...first, requestState, answer: yes })).not.toHaveProperty('isError', true);
    expect((await call({ ...first, args: { ...submit.args, amount: 2 } })).resultType).not.toBe(
      'input_required',
    );
    await asked({ ...submit, who: { ...alice, sid: 'second' } });
    await asked({ ...submit, who: { ...session, sub: 'bob' } });
  });
});

import type { Person, ToolAnswer } from '../person.ts';
import { expectThat, type Step } from '../step.ts';
import { claimLines, claimsOf } from '../token-view.ts';

/** Tools that call the downstream API for the user: exchange, cache, step-up, one call for each tier. */
export const onBehalf: readonly Step[] = [
  {
    name: 'read-only',
    title: 'list_expenses: her token is exchanged for one of the expenses API',
    hop: 'broker: exchange',
    play: async ({ person, platform }) => {
      const alice = await person('alice');
      const { data } = await succeed(alice, 'list_expenses');
      const exchanges = await platform.exchangesInThisStep();
      expectThat(exchanges === 1, `expected one exchange at the identity provider, saw ${exchanges}`);
      const before = claimsOf((await alice.session.token()) ?? '');
      const seen = seenBy(data);
      const rows = rowsOf(data);
      expectThat(rows.length > 0, 'alice has expenses and none came back');
      expectThat(JSON.stringify(seen.audience) !== JSON.stringify(before.aud), 'the token was not exchanged');
      return {
        lines: [
          `${rows.length} rows of ${JSON.stringify(seen.user)}`,
          ...claimLines('before: what the MCP server got', before),
          ...claimLines('after: what the expenses API got', seen),
        ],
        facts: { rows: rows.length, before, after: seen },
      };
    },
  },
  {
    name: 'cached',
    title: 'The same call again is served without asking the identity provider',
    hop: 'broker: cache',
    play: async ({ person, platform }) => {
      const alice = await person('alice');
      const started = performance.now();
      await succeed(alice, 'list_expenses');
      const ms = Math.round(performance.now() - started);
      const exchanges = await platform.exchangesInThisStep();
      expectThat(exchanges === 0, `the identity provider was asked again, ${exchanges} times`);
      return {
        lines: [`${ms} ms on MCP ${alice.protocolVersion()}, no exchange at the identity provider`],
        facts: { exchanges },
      };
    },
  },
  {
    name: 'step-up',
    title: 'submit_expense needs a scope she does not have: 403, new consent, same call succeeds',
    hop: 'mcp-server: step-up',
    play: async ({ person }) => {
      const alice = await person('alice');
      const visits = alice.visits();
      const before = (await alice.session.status())?.scopes ?? [];
      const answer = await succeed(alice, 'submit_expense', {
        amount: 42,
        currency: 'EUR',
        description: 'Train to the customer',
      });
      const after = (await alice.session.status())?.scopes ?? [];
      expectThat(
        !before.includes('expenses:write') && after.includes('expenses:write'),
        'the scope did not come with the step-up',
      );
      expectThat(
        alice.visits() === visits + 1,
        `expected one visit to the login page, saw ${alice.visits() - visits}`,
      );
      return {
        lines: [
          `scopes before  ${before.join(' ')}`,
          `scopes after   ${after.join(' ')}`,
          `pages          ${alice.pages().join(' → ')}`,
          `submitted      ${idOf(answer)}`,
        ],
        facts: { before, after, expense: idOf(answer) },
      };
    },
  },
  {
    name: 'wrong-role',
    title: 'approve_expense does not exist for an employee, whatever she logs in with',
    hop: 'mcp-server: decision',
    play: async ({ person }) => {
      const alice = await person('alice');
      const visits = alice.visits();
      const message = await refusal(() => alice.call('approve_expense', { id: 'exp-1', amount: 1 }));
      const unknown = await refusal(() => alice.call('no_such_tool'));
      expectThat(
        message.replace('approve_expense', 'no_such_tool') === unknown,
        'a hidden tool must answer like an unknown one',
      );
      expectThat(alice.visits() === visits, 'no login can help, so none may be asked for');
      return { lines: [message], facts: { message } };
    },
  },
  {
    name: 'financial',
    title: 'Maria, manager of Alice, approves what Alice submitted',
    hop: 'downstream-api: rows of the team',
    play: async ({ person }) => {
      const maria = await person('maria');
      const listed = rowsOf((await succeed(maria, 'list_expenses', { status: 'submitted' })).data);
      const expense = listed.find(({ description }) => description === 'Train to the customer');
      expectThat(expense !== undefined, 'maria does not see what alice submitted');
      const { data } = await succeed(maria, 'approve_expense', { id: expense.id, amount: expense.amount });
      return {
        lines: [`approved ${String(expense.id)}`, ...claimLines('the expenses API saw', seenBy(data))],
      };
    },
  },
  {
    name: 'admin',
    title: 'Frank of finance deletes it',
    hop: 'downstream-api: administration',
    play: async ({ person }) => {
      const frank = await person('frank');
      const rows = rowsOf((await succeed(frank, 'list_expenses')).data);
      const expense = rows.find(({ description }) => description === 'Train to the customer');
      expectThat(expense !== undefined, 'frank administers and does not see the expense');
      await succeed(frank, 'delete_expense', { id: expense.id });
      const left = rowsOf((await succeed(frank, 'list_expenses')).data);
      expectThat(!left.some(({ id }) => id === expense.id), 'the expense is still there');
      return {
        lines: [`deleted ${String(expense.id)}, ${left.length} expenses left at acme`],
        facts: { left: left.length },
      };
    },
  },
];

/** A call that must succeed; a tool error is a failure of the step. */
export async function succeed(
  person: Person,
  tool: string,
  args: Record<string, unknown> = {},
): Promise<ToolAnswer> {
  const answer = await person.call(tool, args);
  expectThat(!answer.isError, `${tool} was refused: ${answer.text}`);
  return answer;
}

/** The message of a call that must be refused by a protocol error. */
export async function refusal(call: () => Promise<unknown>): Promise<string> {
  try {
    await call();
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  throw new Error('a call that must be refused went through');
}

/** Rows of a list answer. */
export function rowsOf(data: Readonly<Record<string, unknown>>): readonly Record<string, unknown>[] {
  expectThat(Array.isArray(data.expenses), 'the answer holds no list of expenses');
  return data.expenses as Record<string, unknown>[];
}

/** Whom the expenses API saw. */
export function seenBy(data: Readonly<Record<string, unknown>>): Record<string, unknown> {
  expectThat(
    typeof data.seen === 'object' && data.seen !== null,
    'the expenses API does not say whom it saw',
  );
  return data.seen as Record<string, unknown>;
}

function idOf({ data }: ToolAnswer): string {
  const { expense } = data;
  const id =
    typeof expense === 'object' && expense !== null ? (expense as Record<string, unknown>).id : data.id;
  return String(id);
}

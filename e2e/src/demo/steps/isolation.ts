import { expectThat, type Step } from '../step.ts';
import { refusal, rowsOf, seenBy, succeed } from './on-behalf.ts';

/** What one caller never gets of another, and what no caller gets at all. */
export const isolation: readonly Step[] = [
  {
    name: 'own-rows',
    title: 'Alice and Bob ask the same question and see different rows',
    hop: 'downstream-api: rows of the user',
    play: async ({ person }) => {
      const [alice, bob] = [await person('alice'), await person('bob')];
      const [hers, his] = await Promise.all([succeed(alice, 'list_expenses'), succeed(bob, 'list_expenses')]);
      const herIds = rowsOf(hers.data).map(({ id }) => String(id));
      const hisIds = rowsOf(his.data).map(({ id }) => String(id));
      expectThat(herIds.length > 0 && hisIds.length > 0, 'both have expenses of their own');
      expectThat(!herIds.some((id) => hisIds.includes(id)), 'one sees a row of the other');
      const foreign = await bob.call('get_expense', { id: herIds[0] });
      expectThat(foreign.isError, 'bob can read an expense of alice by its id');
      return {
        lines: [
          `alice ${herIds.join(', ')}`,
          `bob   ${hisIds.join(', ')}`,
          `bob asks for ${herIds[0]}: ${foreign.text}`,
        ],
      };
    },
  },
  {
    name: 'other-tenant',
    title: 'Gina of the tenant globex sees nothing of acme',
    hop: 'downstream-api: tenants',
    play: async ({ person }) => {
      const [alice, gina] = [await person('alice'), await person('gina')];
      const acme = rowsOf((await succeed(alice, 'list_expenses')).data).map(({ id }) => id);
      const { data } = await succeed(gina, 'list_expenses');
      expectThat(!rowsOf(data).some(({ id }) => acme.includes(id)), 'gina sees a row of another tenant');
      return {
        lines: [`gina sees ${rowsOf(data).length} rows, all of ${JSON.stringify(seenBy(data).user)}`],
      };
    },
  },
  {
    name: 'no-passthrough',
    title: 'The token for the MCP server is refused by the expenses API',
    hop: 'downstream-api: audience',
    play: async ({ person, platform }) => {
      const token = await (await person('alice')).session.token();
      const response = await fetch(`${platform.urls.downstream}/expenses`, {
        headers: { authorization: `Bearer ${token}` },
      });
      await response.body?.cancel();
      expectThat(response.status === 401, `expected 401, got ${response.status}`);
      return { lines: [`HTTP 401, ${response.headers.get('www-authenticate')}`] };
    },
  },
  {
    name: 'machine',
    title: 'The nightly job has no user: it gets its totals, and no tool of a user',
    hop: 'broker: client credentials',
    play: async ({ platform }) => {
      const job = await platform.connectMachine();
      const totals = await job.call('nightly_totals');
      expectThat(!totals.isError, `nightly_totals was refused: ${totals.text}`);
      const message = await refusal(() => job.call('list_expenses'));
      return { lines: [totals.text.replace(/\s+/g, ' ').slice(0, 200), `list_expenses: ${message}`] };
    },
  },
];

import { entraIds } from '@mcp-obo/idp-doubles';
import { verifies } from '@mcp-obo/testbed/verifies';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { createBrowser } from './fixture/browser.ts';
import { type Approve, connectLegacy, connectModern, type OpenUrl } from './fixture/clients.ts';
import { startConsentPlatform } from './fixture/consent-platform.ts';
import { approveAt, signInAt } from './fixture/person.ts';
import { askedOf, callRaw } from './fixture/raw-call.ts';

const platform = await startConsentPlatform({ tiers: { 'read-only': { approval: 'call' } } });
afterAll(platform.close);
afterEach(platform.withdrawConsents);
const { resource, mcpServer } = platform;
const alice = () => platform.tokenOf(entraIds.alice);

const yes: Approve = async () => ({ action: 'accept', content: { approve: true } });

/** What a user who agrees to everything does with a link, and what the link was for. */
function agreeing() {
  const opened: string[] = [];
  const openUrl: OpenUrl = async (url) => {
    const { browser, offer, end } = await signInAt(url);
    const approval = offer.body.includes('asks for your approval');
    opened.push(approval ? 'approval' : 'consent');
    if (approval) await browser.press(end, {}, 'Approve');
    return 'accept';
  };
  return { opened, openUrl };
}

describe('a tool whose tier asks the user each time, with a client that shows forms', () => {
  it(verifies('sc:approval', 'does not run when the user declines'), async () => {
    const { opened, openUrl } = agreeing();
    const client = await connectModern(resource, await alice(), openUrl, async () => ({ action: 'decline' }));
    const result = await client.call('list_expenses');
    expect([result.isError, result.content[0]?.text]).toEqual([
      true,
      'The user did not approve this call. Do not try again by yourself.',
    ]);
    expect(opened).toEqual([]);
    await client.close();
  });

  it(
    verifies(['sc:approval', 'tb:consent'], 'is approved once, though its user must consent on the way'),
    async () => {
      const { opened, openUrl } = agreeing();
      const questions: string[] = [];
      const approve: Approve = (message) => {
        questions.push(message);
        return yes(message);
      };
      const client = await connectModern(resource, await alice(), openUrl, approve);
      expect((await client.call('list_expenses')).structuredContent).toHaveProperty('expenses');
      expect([questions.length, opened]).toEqual([1, ['consent']]);
      // The call has run: the same one again is another.
      expect((await client.call('list_expenses')).isError).not.toBe(true);
      expect([questions.length, opened]).toEqual([2, ['consent']]);
      await client.close();
    },
  );
});

const eras = [
  ['2026-07-28 that shows links only', connectModern],
  [
    '2025-11-25',
    (url: string, token: string, open?: OpenUrl) => connectLegacy(url, token, open, { rounds: 2 }),
  ],
] as const;

describe.each(eras)('a tool whose tier asks the user each time, with a client of %s', (_era, connect) => {
  it(verifies('sc:approval', 'runs once after its user approved it on a page of the server'), async () => {
    const { opened, openUrl } = agreeing();
    const client = await connect(resource, await alice(), openUrl);
    expect((await client.call('list_expenses')).structuredContent).toHaveProperty('expenses');
    // One approval, also when the consent comes in between.
    expect(opened).toEqual(['approval', 'consent']);
    expect((await client.call('list_expenses')).isError).not.toBe(true);
    expect(opened).toEqual(['approval', 'consent', 'approval']);
    await client.close();
  });

  it(verifies('sc:approval', 'shows its user, and nobody else, what would be done'), async () => {
    const shown: string[] = [];
    const id = '<script>alert(1)</script>\u202e"&';
    const client = await connect(resource, await alice(), async (url) => {
      const { offer, question } = await approveAt(url, 'Do not approve');
      shown.push(offer.body, question.body);
      return 'accept';
    });
    const told = await client.call('get_expense', { id });
    expect(told.content[0]?.text).toBe('The user did not approve this call. Do not try again by yourself.');
    const [offer = '', question = ''] = shown;
    expect(offer).not.toContain('alert');
    expect(question).toContain(
      '<pre>{&quot;id&quot;:&quot;&lt;script&gt;alert(1)&lt;/script&gt;\\u{202e}\\&quot;&amp;&quot;}</pre>',
    );
    expect(question).toContain('get_expense as alice@acme.example');
    expect(question).toContain(entraIds.desktopClient);
    expect(question).not.toContain('<script>');
    await client.close();
  });

  it(verifies('sc:approval', 'is refused in words to a client that can be asked nothing'), async () => {
    const client = await connect(resource, await alice());
    const result = await client.call('list_expenses');
    expect(result.content[0]?.text).toContain('needs the approval of the user, and your client cannot ask');
    await client.close();
  });
});

describe('an approval by a link', () => {
  const ask = async (args = {}) => {
    const token = await alice();
    const { answer: _, result } = await callRaw(resource, token, { args });
    const asked = askedOf(result);
    const retry = (more = {}) =>
      callRaw(resource, token, {
        args,
        requestState: asked.requestState,
        inputResponses: { interaction: { action: 'accept' } },
        ...more,
      });
    return { ...asked, token, retry };
  };

  it(verifies('sc:approval', 'is not given by another user'), async () => {
    const { url, retry } = await ask();
    const { end } = await signInAt(url, { upn: 'bob@acme.example' });
    expect(end.status).toBe(403);
    expect(end.body).toContain('Another user signed in');
    expect(end.body).not.toContain('<form');
    expect((await retry()).result.content?.[0]?.text).toContain('did not give what this call needs');
  });

  it(verifies('sc:approval', 'is not given in another browser than the one that signed in'), async () => {
    const { url, retry } = await ask();
    const { end: question } = await signInAt(url);
    const elsewhere = await createBrowser().press(question, {}, 'Approve');
    expect([elsewhere.status, elsewhere.body.includes('another browser')]).toEqual([403, true]);
    expect((await retry()).result.isError).toBe(true);
  });

  it(verifies('sc:approval', 'is given once: its button does nothing the second time'), async () => {
    const { url, retry } = await ask();
    const { browser, question, end } = await approveAt(url);
    expect(end.status).toBe(200);
    expect((await browser.press(question, {}, 'Approve')).status).toBe(404);
    // Approved, and asked for consent; a denial that comes late changes nothing.
    expect((await browser.press(question, {}, 'Do not approve')).status).toBe(404);
    expect(askedOf((await retry()).result).url).toContain('/interaction?link=');
  });

  it(verifies('sc:approval', 'survives one call that its user must help, and no more'), async () => {
    const args = { status: 'approved' };
    const { url, token, retry } = await ask(args);
    await approveAt(url);
    const wanted = [
      await retry(),
      await callRaw(resource, token, { args }),
      await callRaw(resource, token, { args }),
    ];
    expect(wanted.map(({ result }) => result.inputRequests?.interaction.params.message)).toEqual([
      expect.stringContaining('consent is needed'),
      expect.stringContaining('consent is needed'),
      expect.stringContaining('approval is needed'),
    ]);
  });

  it(verifies('sc:approval', 'is for the same arguments alone'), async () => {
    const { url, retry } = await ask({ status: 'approved' });
    expect((await approveAt(url)).end.status).toBe(200);
    const other = (await retry({ args: { status: 'submitted' } })).result;
    expect(other.inputRequests?.interaction.params.message).toContain('approval is needed');
  });

  it.each([
    ['a question nobody asked', `question=${'a'.repeat(43)}&answer=approve`],
    ['no question', 'answer=approve'],
  ])(verifies('sc:approval', 'is not given to %s'), async (_case, query) => {
    const page = `${new URL(resource).origin}/interaction/answer?${query}`;
    const browser = createBrowser();
    const forged = {
      status: 200,
      headers: {},
      url: page,
      body: `<form method="post" action="${page}"></form>`,
    };
    expect((await browser.press(forged)).status).toBe(404);
    expect((await browser.open(page)).status).toBe(404);
  });

  it(
    verifies(['sc:approval', 'op:redaction'], 'leaves its steps in the audit, and no secret of it'),
    async () => {
      const { url, retry } = await ask({ status: 'submitted' });
      const { question } = await approveAt(url, 'Do not approve');
      await retry();
      const secret = /question=([\w-]{43})/.exec(question.body)?.[1] ?? '';
      expect(secret).not.toBe('');
      expect(mcpServer.output()).not.toContain(secret);
      const steps = [
        ...mcpServer.output().matchAll(/"type":"interaction","decision":"(\w+)","reason":"(\w+)"/g),
      ];
      expect(steps.slice(-3).map(([, ...step]) => step)).toEqual([
        ['ask', 'approval'],
        ['ask', 'approval_started'],
        ['refuse', 'approval_denied'],
      ]);
    },
  );
});

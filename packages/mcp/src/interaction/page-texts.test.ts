import { verifies } from '@mcp-obo/testbed/verifies';
import { describe, expect, it } from 'vitest';
import type { InteractionRecord } from './interaction-records.ts';
import { questionPage } from './page-texts.ts';

const purpose = {
  kind: 'approval',
  operation: { kind: 'tool', name: 'delete_expense' },
  shown: '{"id":"exp-1"}',
  question: 'q',
} as const;

const record = (changes: Partial<InteractionRecord> = {}): InteractionRecord => ({
  id: 'id',
  tenant: 'acme',
  user: { issuer: 'https://idp.example', key: 'user-1' },
  userName: 'alice',
  client: 'inspector',
  purpose: { ...purpose, approval: 'call' },
  authorizationUrl: 'https://idp.example/authorize',
  state: 's',
  nonce: 'n',
  codeVerifier: 'v',
  expiresAt: 0,
  ...changes,
});

const textOf = (approval: 'call' | 'session', changes: Partial<InteractionRecord> = {}) =>
  questionPage('Expenses', record(changes), { ...purpose, approval }, []).body;

describe('the page that asks for an approval', () => {
  it(verifies('sc:approval', 'says whether it is for one call or for all of a session'), () => {
    expect(textOf('call')).toContain('as alice, once, with exactly this:');
    expect(textOf('session')).toContain('for as long as you are signed in, with these values and others');
  });

  it(verifies('sc:approval', 'shows what was to be hidden, and lets nothing reorder it'), () => {
    const body = textOf('call', { client: 'good\u202eevil\u200b', userName: '<b>alice</b>' });
    expect(body).toContain('good\\u{202e}evil\\u{200b}');
    expect(body).toContain('&lt;b&gt;alice&lt;/b&gt;');
    expect(body).not.toMatch(/[\u200b\u202e]/);
  });
});

import { verifies } from '@mcp-obo/testbed/verifies';
import { describe, expect, it } from 'vitest';
import { type Ask, askOf } from '../test/ask.ts';
import { grantOf, machineOf, now } from '../test/fixture.ts';
import { refusalNote } from './refusal-note.ts';

const ask = askOf();

function note(...question: Parameters<Ask>) {
  const decision = ask(...question);
  if (decision.outcome === 'allow') throw new Error('The call is allowed.');
  return refusalNote(decision);
}

describe('a refusal', () => {
  it(verifies('sc:degrade', 'for a missing scope says which, and what serves without'), () => {
    expect(note(grantOf(), 'submit_expense')).toEqual({
      mend: 'login',
      message: 'Your login does not cover this tool. Log in again with the scopes of the challenge.',
      scopes: ['mcp:tools:execute', 'expenses:write'],
      instead: ['list_expenses'],
    });
  });

  it(verifies('sc:degrade', 'for an old token asks for a refresh'), () => {
    expect(note(grantOf({ issuedAt: now - 7200 }), 'list_expenses')).toMatchObject({
      mend: 'refresh',
      instead: [],
    });
  });

  it(verifies('sc:degrade', 'of what the caller can never use names only what it may use now'), () => {
    expect(note(grantOf(), 'delete_expense')).toEqual({
      mend: 'nothing',
      message: 'There is no such tool for you, and a new login does not change that.',
      instead: ['whoami', 'list_expenses'],
    });
    expect(note(machineOf(), 'delete_expense').instead).toEqual(['whoami', 'nightly_totals']);
    expect(note(grantOf({ scopes: [] }), 'delete_expense').instead).toEqual([]);
  });

  it(verifies('sc:degrade', 'never suggests what this caller may not know or use'), () => {
    const manager = { roles: ['manager'], scopes: ['mcp:tools', 'expenses:approve'] };
    expect(note(grantOf(manager), 'approve_expense', { amount: 9999 })).toEqual({
      mend: 'nothing',
      message: 'The amount is above your limit of 5000 EUR.',
      instead: [],
    });
    const reader = { ...manager, scopes: [...manager.scopes, 'expenses:read'] };
    expect(note(grantOf(reader), 'approve_expense', { amount: 9999 }).instead).toEqual(['list_expenses']);
  });

  it(verifies('sc:degrade', 'for an approval says what is waited for'), () => {
    const frank = grantOf({ roles: ['finance'], scopes: ['mcp:tools', 'expenses:admin'] });
    expect(note(frank, 'delete_expense')).toMatchObject({ mend: 'approval' });
  });

  it(verifies('sc:degrade', 'leads a scripted agent to its goal by calls that are allowed'), () => {
    const agent = grantOf();
    const tried: string[] = [];
    let next: string | undefined = 'approve_expense';
    while (next !== undefined && !tried.includes(next)) {
      tried.push(next);
      const decision = ask(agent, next);
      if (decision.outcome === 'allow' && next === 'list_expenses') break;
      const { instead } = decision.outcome === 'allow' ? { instead: [] } : refusalNote(decision);
      next = instead.find((name) => name.startsWith('list_'));
    }
    expect(tried).toEqual(['approve_expense', 'list_expenses']);
  });

  it('never repeats the reason, which tells hidden from unknown', () => {
    expect(JSON.stringify(note(grantOf(), 'delete_expense'))).not.toContain('permission');
  });
});

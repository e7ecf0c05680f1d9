import { describe, expect, it } from 'vitest';
import { messagesOf } from './operation.ts';

describe('messagesOf', () => {
  it('reads the operation of a tool call', () => {
    const body = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'x', arguments: { a: 1 } } };
    expect(messagesOf(body)).toEqual([
      { id: 1, method: 'tools/call', operation: { kind: 'tool', name: 'x', args: { a: 1 } } },
    ]);
  });

  it('reads every message of a batch', () => {
    const batch = [
      { method: 'tools/list', id: 1 },
      { method: 'prompts/get', id: 2, params: { name: 'p' } },
      'noise',
    ];
    expect(messagesOf(batch).map(({ operation }) => operation?.kind)).toEqual(['tool-list', 'prompt']);
  });

  it('sees no operation in a method it does not know, nor in one every object has', () => {
    expect(
      messagesOf([{ method: 'ping' }, { method: 'constructor' }]).map(({ operation }) => operation),
    ).toEqual([undefined, undefined]);
  });

  it.each([
    ['Method', { Method: 'tools/call', method: 'tools/list' }],
    ['Params', { method: 'tools/call', Params: {} }],
    ['Name', { method: 'tools/call', params: { name: 'a', Name: 'b' } }],
    ['ARGUMENTS', { method: 'tools/call', params: { name: 'a', ARGUMENTS: {} } }],
  ])('refuses the member %s, which another reader might take for the protocol’s', (_name, body) => {
    expect(() => messagesOf(body)).toThrow('differs from the protocol');
  });
});

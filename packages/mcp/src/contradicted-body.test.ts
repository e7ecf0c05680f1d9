import { describe, expect, it } from 'vitest';
import { headersContradict } from './contradicted-body.ts';

const headers = { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': 'read' };
const call = (name: string, meta: object = { 'io.modelcontextprotocol/protocolVersion': '2026-07-28' }) => ({
  method: 'tools/call',
  params: { name, _meta: meta },
});

describe('a request of 2026-07-28', () => {
  it.each([
    ['another tool', headers, call('write')],
    ['another method', { ...headers, 'mcp-method': 'tools/list' }, call('read')],
    ['another version', { ...headers, 'mcp-protocol-version': '2025-11-25' }, call('read')],
  ])('is contradicted by headers that name %s', (_case, given, body) => {
    expect(headersContradict(given, body)).toBe(true);
  });

  it.each([
    ['agree', headers, call('read')],
    ['are not there, which the handler refuses by itself', {}, call('read')],
    [
      'are encoded, which the handler decodes',
      { ...headers, 'mcp-name': '=?base64?cmVhZA==?=' },
      call('read'),
    ],
    ['belong to a body of 2025, where they mean nothing', headers, call('write', {})],
    ['stand over a body that is no object', headers, [1]],
  ])('is not contradicted by headers that %s', (_case, given, body) => {
    expect(headersContradict(given, body)).toBe(false);
  });
});

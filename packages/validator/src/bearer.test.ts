import { verifies } from '@mcp-obo/testbed/verifies';
import { describe, expect, it } from 'vitest';
import { resource } from '../test/platform.ts';
import { readCredential } from './bearer.ts';

const read = (rawHeaders: string[], url = '/mcp') =>
  readCredential({ method: 'POST', rawHeaders, url }, resource);

describe('readCredential', () => {
  it.each([
    ['no Authorization header (R01)', []],
    ['the Basic scheme (R02)', ['Authorization', 'Basic dTpw']],
    ['the DPoP scheme, which is not spoken yet', ['Authorization', 'DPoP a.b.c']],
    ['a token in a cookie', ['Cookie', 'access_token=a.b.c']],
    ['a token in a header of its own', ['X-Access-Token', 'a.b.c']],
  ])(verifies(['rs:no-token', 'rs:header-only'], 'sees no credential in %s'), (_, headers) => {
    expect(read(headers)).toBeUndefined();
  });

  it(verifies('rs:header-only', 'sees no credential in the query alone (R05)'), () => {
    expect(read([], '/mcp?access_token=a.b.c')).toBeUndefined();
    expect(read(['Authorization', 'Basic dTpw'], '/mcp?access_token=a.b.c')).toBeUndefined();
  });

  it.each([
    ['an empty header', ['Authorization', '']],
    ['the scheme alone (R03)', ['Authorization', 'Bearer']],
    ['the scheme and a space (R03)', ['Authorization', 'Bearer ']],
    ['two words (R03)', ['Authorization', 'Bearer a b']],
    ['a tab in the token', ['Authorization', 'Bearer a\tb']],
    ['a list of two', ['Authorization', 'Bearer a, Bearer b']],
    ['two headers (R04)', ['Authorization', 'Bearer a', 'authorization', 'Bearer a']],
    ['two headers of which one is Basic (R04)', ['Authorization', 'Basic a', 'AUTHORIZATION', 'Bearer a']],
  ])(verifies('rs:malformed', 'refuses %s with 400 invalid_request (RFC 6750 §3.1)'), (_, headers) => {
    expect(() => read(headers)).toThrow(expect.objectContaining({ code: 'invalid_request', status: 400 }));
  });

  it.each(['/mcp?access_token=a.b.c', '/mcp?x=1&access_token=', '/mcp?access%5Ftoken=a'])(
    verifies(['rs:malformed', 'rs:header-only'], 'refuses a token in the header beside %s with 400 (R06)'),
    (url) => {
      expect(() => read(['Authorization', 'Bearer a.b.c'], url)).toThrow(
        expect.objectContaining({ code: 'invalid_request' }),
      );
    },
  );

  it.each(['Bearer a.b.c', 'bearer a.b.c', 'BEARER   a.b.c'])('reads the token of "%s"', (value) => {
    expect(read(['Host', 'evil.example', 'Authorization', value], '/mcp?x=1')).toEqual({
      scheme: 'Bearer',
      token: 'a.b.c',
      method: 'POST',
      url: 'https://mcp.example/mcp',
    });
  });

  it('hands on one word of any bytes, for the validator to judge (R07)', () => {
    expect(read(['Authorization', 'Bearer ü+/~='])?.token).toBe('ü+/~=');
  });

  it('carries a DPoP proof that came exactly once (RFC 9449 §4.3)', () => {
    const headers = ['Authorization', 'Bearer a.b.c', 'DPoP', 'p.q.r'];
    expect(read(headers)?.proof).toBe('p.q.r');
    expect(read([...headers, 'dpop', 'p.q.r'])).not.toHaveProperty('proof');
  });

  it('keeps a resource that is no web address as it is', () => {
    const request = { method: 'GET', rawHeaders: ['Authorization', 'Bearer a'], url: '/x' };
    expect(readCredential(request, 'api://expenses')?.url).toBe('api://expenses');
  });
});

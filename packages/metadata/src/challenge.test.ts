import { verifies } from '@mcp-obo/testbed/verifies';
import { describe, expect, it } from 'vitest';
import { bearerChallenge } from './challenge.ts';

const resourceMetadata = 'https://api.example.com/.well-known/oauth-protected-resource/mcp';

describe('a challenge', () => {
  it(
    verifies(
      'rs:no-token',
      'says where the metadata is and which scope to ask for, and no error (RFC 6750 §3.1)',
    ),
    () => {
      expect(bearerChallenge({ resourceMetadata, scope: 'mcp:tools:execute expenses:read' })).toBe(
        `Bearer scope="mcp:tools:execute expenses:read", resource_metadata="${resourceMetadata}"`,
      );
    },
  );

  it('leaves out whatever explains an error when there is none', () => {
    expect(
      bearerChallenge({
        resourceMetadata,
        errorDescription: 'x',
        maxAge: 60,
        acrValues: 'a',
        claims: 'e30=',
      }),
    ).toBe(`Bearer resource_metadata="${resourceMetadata}"`);
  });

  it('names error, description, scope and metadata in this order (RFC 6750 §3)', () => {
    expect(
      bearerChallenge({
        realm: 'mcp',
        resourceMetadata,
        scope: 'a b',
        error: 'insufficient_scope',
        errorDescription: 'More is needed.',
      }),
    ).toBe(
      `Bearer realm="mcp", error="insufficient_scope", error_description="More is needed.", scope="a b", resource_metadata="${resourceMetadata}"`,
    );
  });

  it('asks for a fresher and stronger login (RFC 9470 §3)', () => {
    expect(
      bearerChallenge({
        resourceMetadata,
        error: 'insufficient_user_authentication',
        maxAge: 0,
        acrValues: 'urn:mfa urn:pwd',
      }),
    ).toBe(
      `Bearer error="insufficient_user_authentication", resource_metadata="${resourceMetadata}", max_age="0", acr_values="urn:mfa urn:pwd"`,
    );
  });

  it('carries a claims request in base64', () => {
    expect(
      bearerChallenge({ resourceMetadata, error: 'insufficient_claims', claims: 'eyJhIjoxfQ==' }),
    ).toContain('claims="eyJhIjoxfQ=="');
  });

  it('names the proof algorithms in the DPoP scheme alone (RFC 9449 §7.1)', () => {
    expect(bearerChallenge({ scheme: 'DPoP', resourceMetadata, algs: 'ES256' })).toBe(
      `DPoP resource_metadata="${resourceMetadata}", algs="ES256"`,
    );
    expect(bearerChallenge({ resourceMetadata, algs: 'ES256' })).not.toContain('algs');
  });

  it('keeps a quote or backslash inside its value (RFC 9110 §5.6.4)', () => {
    expect(bearerChallenge({ resourceMetadata: 'u', realm: 'a", error="x\\' })).toBe(
      'Bearer realm="a\\", error=\\"x\\\\", resource_metadata="u"',
    );
  });

  it.each([
    ['line feed', 'a\nSet-Cookie: x=1'],
    ['carriage return', 'a\rb'],
    ['NUL', 'a\0b'],
    ['non-ASCII', 'é'],
  ])('refuses a scope with %s', (_name, scope) => {
    expect(() => bearerChallenge({ resourceMetadata, scope })).toThrow(/scope of a challenge/);
  });

  it('makes a description fit instead of failing over it (RFC 6750 §3)', () => {
    expect(
      bearerChallenge({ resourceMetadata: 'u', error: 'invalid_token', errorDescription: 'a "b"\r\n\\ – c' }),
    ).toBe(`Bearer error="invalid_token", error_description="a 'b' '   c", resource_metadata="u"`);
  });
});

import { OAuthError } from '@mcp-obo/oauth-error';
import { expect, it } from 'vitest';
import { createRefuser } from './refusal.ts';

it('passes a claims challenge on as Base64, as clients of Entra ID read it', () => {
  const refuser = createRefuser({
    resourceMetadata: 'https://mcp.example/m',
    issuers: [],
    firstScopes: ['read'],
  });
  const claims = '{"access_token":{"nbf":{"essential":true,"value":"1"}}}';
  const error = new OAuthError('insufficient_claims', 'Further claims are needed.', { params: { claims } });
  const { status, headers } = refuser.fromError(error);
  expect(status).toBe(401);
  expect(headers['www-authenticate']).toBe(
    'Bearer error="insufficient_claims", error_description="Further claims are needed.", scope="read", ' +
      'resource_metadata="https://mcp.example/m", ' +
      'claims="eyJhY2Nlc3NfdG9rZW4iOnsibmJmIjp7ImVzc2VudGlhbCI6dHJ1ZSwidmFsdWUiOiIxIn19fQ=="',
  );
});

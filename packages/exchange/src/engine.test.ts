import { verifies } from '@mcp-obo/testbed/verifies';
import { describe, expect, it } from 'vitest';
import { payloadOf } from '../test/fake-idp.ts';
import { createBench, noon, request, resource } from '../test/setup.ts';

describe('an exchange', () => {
  it(verifies('tb:upstream-8693', 'asks by RFC 8693 §2.1 and answers with the checked token'), async () => {
    const bench = createBench();
    const subject = await bench.subject();
    const token = await bench.engine.exchange(request(subject));
    expect(Object.fromEntries(bench.acme.requests[0]?.form ?? [])).toEqual({
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token: subject.subjectToken,
      subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      requested_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      audience: 'api://expenses',
      scope: 'api:expenses.read',
      client_id: resource,
      client_secret: 'secret-of-mcp-server',
    });
    expect(token).toMatchObject({
      tokenType: 'Bearer',
      scopes: ['api:expenses.read'],
      expiresAt: noon + 300,
      issuedTokenType: 'urn:ietf:params:oauth:token-type:access_token',
      source: 'exchange',
    });
    expect(payloadOf(token.accessToken)).toMatchObject({ sub: 'user-alice', aud: 'api://expenses' });
  });
});

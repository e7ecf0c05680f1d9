import { verifies } from '@mcp-obo/testbed/verifies';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { redirectUrl } from '../clients/fixture/memory-provider.ts';
import { logInByHand } from '../clients/fixture/raw-login.ts';
import { userAtBrowser } from '../clients/fixture/user-at-browser.ts';
import { logInBound } from './fixture/bound-login.ts';
import { eras, mcpCaller } from './fixture/call.ts';
import { newEvidence } from './fixture/evidence.ts';
import {
  addConfidentialClient,
  type ConfidentialClient,
  type ForeignIssuer,
  startForeignIssuer,
} from './fixture/foreign-issuer.ts';

const platform = inject('platform');
const { urls } = platform;
const scope = 'mcp:tools:execute expenses:read';
const jwtBearer = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
const caller = (era: (typeof eras)[number]) => mcpCaller(era, urls.mcp);

describe('a client that is known by its metadata document alone', () => {
  it(
    verifies(
      ['md:cimd', 'rs:typ', 'rs:both-eras'],
      'logs a user in with consent, and its tokens, which are of the type JWT, are taken on both eras',
    ),
    async () => {
      const user = userAtBrowser(platform, 'audrey');
      const clientId = inject('clientMetadataUrl');
      const login = { username: 'audrey', clientId, redirectUri: redirectUrl, scope, user };
      const { accessToken } = await logInByHand(platform, login);
      expect(user.pages()).toContain('consent');
      expect(decodeProtectedHeader(accessToken).typ).toBe('JWT');
      expect(decodeJwt(accessToken)).toMatchObject({ azp: clientId, aud: urls.mcp });
      for (const era of eras) {
        const { status, content } = await caller(era).call(accessToken, 'list_expenses');
        expect([era, status, content?.seen.user]).toEqual([era, 200, 'audrey']);
      }
    },
  );
});

describe('assertions of an issuer that Keycloak trusts', () => {
  let issuer: ForeignIssuer;
  let client: ConfidentialClient;
  beforeAll(async () => {
    issuer = await startForeignIssuer();
    const alias = await issuer.trustAs('jwt-authorization-grant', {
      jwtAuthorizationGrantEnabled: 'true',
      jwtAuthorizationGrantAssertionSignatureAlg: 'RS256',
    });
    await issuer.link('alice', 'alice-there');
    client = await addConfidentialClient({
      attributes: {
        'oauth2.jwt.authorization.grant.enabled': 'true',
        'oauth2.jwt.authorization.grant.idp': alias,
      },
    });
  });
  afterAll(async () => {
    await client?.remove();
    await issuer?.close();
  });
  const grant = (assertion: string, wanted = scope) =>
    client.ask({ grant_type: jwtBearer, assertion, scope: wanted });

  it.each(eras)(
    verifies(
      ['rs:both-eras', 'rs:claims'],
      'MCP %s: become tokens for the linked user (RFC 7523 §2.1) that the server takes, and the API behind too',
    ),
    async (era) => {
      const assertion = await issuer.sign({ sub: 'alice-there' });
      const { status, body } = await grant(assertion);
      expect([status, body.error_description]).toEqual([200, undefined]);
      expect(decodeJwt(body.access_token)).toMatchObject({ aud: urls.mcp, azp: client.clientId });
      expect(decodeJwt(body.access_token)).not.toHaveProperty('sid');
      const who = await caller(era).call(body.access_token, 'whoami');
      expect([who.status, who.content?.subject]).toEqual([200, decodeJwt(body.access_token).sub]);
      const rows = await caller(era).call(body.access_token, 'list_expenses');
      expect([rows.status, rows.content?.seen.user]).toEqual([200, 'alice']);

      const again = await grant(assertion);
      expect([again.status, again.body.error, again.body.error_description]).toEqual([
        400,
        'invalid_grant',
        'Token reuse detected',
      ]);
    },
  );

  it('are refused for another audience and for somebody who is not linked', async () => {
    const answers = [
      await grant(await issuer.sign({ sub: 'alice-there', aud: 'https://elsewhere.example' })),
      await grant(await issuer.sign({ sub: 'nobody-there' })),
    ];
    expect(answers.map(({ status, body }) => [status, body.error, body.error_description])).toEqual([
      [400, 'invalid_grant', 'Invalid token audience'],
      [400, 'invalid_grant', 'User not found'],
    ]);
  });

  it.each(eras)(
    verifies(
      ['rs:both-eras', 'sc:per-tool'],
      'MCP %s: identity assertion (ID-JAG): accepted, and what its scope claim says is not what holds the token',
    ),
    async (era) => {
      const idJag = (clientId: string) =>
        issuer.sign(
          { sub: 'alice-there', client_id: clientId, scope: 'mcp:tools:execute', resource: urls.mcp },
          { typ: 'oauth-id-jag+jwt' },
        );
      const other = await grant(await idJag('somebody-else'));
      expect([other.status, other.body.error]).toEqual([400, 'invalid_grant']);
      const { status, body } = await grant(await idJag(client.clientId));
      expect([status, body.error_description]).toEqual([200, undefined]);
      // The limit: Keycloak gives what is asked, whatever the assertion allows.
      expect(new Set(body.scope.split(' '))).toEqual(new Set(scope.split(' ')));
      const { status: called, content } = await caller(era).call(body.access_token, 'list_expenses');
      expect([called, content?.seen.user]).toEqual([200, 'alice']);
      const { status: refused, challenge } = await caller(era).call(body.access_token, 'submit_expense', {
        amount: 1,
        currency: 'EUR',
        description: 'Tea',
      });
      expect([refused, challenge]).toEqual([403, expect.stringMatching(/error="insufficient_scope"/)]);
    },
  );
});

describe('clients without a secret', () => {
  let issuer: ForeignIssuer;
  beforeAll(async () => {
    issuer = await startForeignIssuer();
  });
  afterAll(() => issuer?.close());
  const form = { grant_type: 'client_credentials', scope: 'mcp:tools:execute' };

  it('private_key_jwt: an assertion is good for one request and one audience', async () => {
    const client = await addConfidentialClient({
      clientAuthenticatorType: 'client-jwt',
      attributes: { 'use.jwks.url': 'true', 'jwks.url': issuer.jwksUri },
    });
    const { clientId } = client;
    const own = { iss: clientId, sub: clientId };
    const assertion = await issuer.sign(own);
    expect((await client.askSigned(assertion, form)).status).toBe(200);
    const refused = [
      await client.askSigned(assertion, form),
      await client.askSigned(await issuer.sign({ ...own, aud: [urls.issuers.acme, urls.mcp] }), form),
    ];
    expect(refused.map(({ status, body }) => [status, body.error])).toEqual([
      [400, 'invalid_client'],
      [400, 'invalid_client'],
    ]);
    expect((await client.askSigned(await issuer.sign(own), form)).status).toBe(200);
    await client.remove();
  });

  it('federated: a workload’s token of another issuer authenticates the client it is registered for', async () => {
    const alias = await issuer.trustAs('oidc', {
      supportsClientAssertions: 'true',
      validateSignature: 'true',
      clientId: 'unused',
      clientSecret: 'unused',
      authorizationUrl: 'http://127.0.0.1/unused',
      tokenUrl: 'http://127.0.0.1/unused',
    });
    const client = await addConfidentialClient({
      clientAuthenticatorType: 'federated-jwt',
      attributes: { 'jwt.credential.issuer': alias, 'jwt.credential.sub': 'workload-1' },
    });
    const { status, body } = await client.askSigned(await issuer.sign({ sub: 'workload-1' }), form);
    expect([status, body.error_description]).toEqual([200, undefined]);
    expect(decodeJwt(body.access_token)).toMatchObject({ azp: client.clientId });
    const other = await client.askSigned(await issuer.sign({ sub: 'workload-2' }), form);
    expect([other.status, other.body.error]).toEqual([401, 'invalid_client']);
    await client.remove();
  });
});

describe('a token that is bound to a key (DPoP)', () => {
  it.each(eras)(
    verifies(
      ['rs:cnf', 'rs:no-token', 'rs:invalid-token'],
      'MCP %s: is no bearer token; neither scheme gets it in, with or without a proof',
    ),
    async (era) => {
      const bound = await logInBound('bob');
      expect(bound.tokenType).toBe('DPoP');
      expect(decodeJwt(bound.accessToken)).toMatchObject({ cnf: { jkt: expect.any(String) } });
      const evidence = newEvidence();
      const proof = { dpop: await bound.prove('POST', urls.mcp) };
      for (const headers of [evidence.headers, { ...evidence.headers, ...proof }]) {
        const { status, challenge } = await caller(era).call(bound.accessToken, 'whoami', {}, headers);
        expect([status, challenge]).toEqual([401, expect.stringMatching(/^Bearer error="invalid_token"/)]);
      }
      expect(await evidence.audit('mcp-server')).toEqual([
        expect.objectContaining({ decision: 'refuse', reason: 'cnf' }),
        expect.objectContaining({ decision: 'refuse', reason: 'cnf' }),
      ]);
      // The scheme of RFC 9449 is not spoken here: no credentials, and a challenge that says what is.
      const { status, challenge } = await caller(era).call(
        '',
        'whoami',
        {},
        {
          ...proof,
          authorization: `DPoP ${bound.accessToken}`,
        },
      );
      expect([status, challenge]).toEqual([
        401,
        expect.stringMatching(/^Bearer scope="[^"]+", resource_metadata="/),
      ]);
    },
  );
});

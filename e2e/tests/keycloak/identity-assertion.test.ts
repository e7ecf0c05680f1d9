import { type AssertingIdp, startAssertingIdp } from '@mcp-obo/idp-doubles';
import { freePort } from '@mcp-obo/testbed/ports';
import { verifies } from '@mcp-obo/testbed/verifies';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { type AppProcess, startApp } from '../attacks/fixture/app-process.ts';
import { send } from '../attacks/fixture/http.ts';
import { eras, mcpCaller } from './fixture/call.ts';
import {
  addConfidentialClient,
  type ConfidentialClient,
  type TrustedIssuer,
  trustIssuer,
} from './fixture/foreign-issuer.ts';

const platform = inject('platform');
const { urls } = platform;
const here = 'https://portal.example/mcp';
const secret = 'secret of the portal, long enough for nobody to guess';
const scope = 'mcp:tools:execute expenses:read';

// A portal of another company: its users are known at Keycloak by assertions of their own identity provider.
let idp: AssertingIdp;
let client: ConfidentialClient;
let trust: TrustedIssuer;
let broker: AppProcess;
beforeAll(async () => {
  const alias = `portal-${await freePort()}`;
  client = await addConfidentialClient({
    attributes: {
      'oauth2.jwt.authorization.grant.enabled': 'true',
      'oauth2.jwt.authorization.grant.idp': alias,
    },
  });
  const assertions = [
    {
      audience: urls.issuers.acme,
      clientId: client.clientId,
      scopes: ['mcp:tools:execute', 'expenses:read'],
    },
  ];
  idp = await startAssertingIdp({ clients: [{ clientId: here, secret, assertions }] });
  trust = await trustIssuer({ alias, ...idp }, 'jwt-authorization-grant', {
    jwtAuthorizationGrantEnabled: 'true',
    jwtAuthorizationGrantAssertionSignatureAlg: 'RS256',
  });
  await trust.link('alice', 'alice-of-the-portal');
  const port = await freePort();
  const registration = (issuer: string, client_id: string, value: string) => ({
    issuer,
    client_id,
    method: 'client_secret_post',
    secret: { value },
  });
  broker = await startApp({
    app: 'broker',
    config: {
      issuer: `http://127.0.0.1:${port}`,
      listen: { port },
      issuers: [{ tenant: 'portal', issuer: idp.issuer }],
      authorization_servers: [{ issuer: urls.issuers.acme, profile: 'keycloak' }],
      clients: [
        {
          id: 'portal',
          auth: { method: 'client_secret', secret: { value: secret } },
          upstream: [
            registration(idp.issuer, here, secret),
            registration(urls.issuers.acme, client.clientId, client.secret),
          ],
        },
      ],
      resources: [{ uri: here, owner: 'portal', tenants: ['portal'], targets: ['expenses-server'] }],
      targets: [
        {
          name: 'expenses-server',
          audience: urls.mcp,
          upstream: 'id-jag',
          authorization_server: urls.issuers.acme,
          scopes: ['mcp:tools:execute', 'expenses:read'],
        },
      ],
      policy: {
        version: '1',
        rules: [
          {
            clients: ['portal'],
            target: 'expenses-server',
            tenants: ['portal'],
            scopes: ['mcp:tools:execute', 'expenses:read'],
          },
        ],
      },
      network: { allow_loopback: true },
    },
  });
});
afterAll(async () => {
  await broker?.stop();
  await trust?.end();
  await client?.remove();
  await idp?.close();
});

async function exchange(sub: string) {
  const subject_token = await idp.mintUserToken({
    sub,
    client: 'a browser',
    audience: here,
    scope: 'portal',
  });
  const { status, body } = await send(`${broker.url}/token`, {
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      authorization: `Basic ${Buffer.from(`portal:${encodeURIComponent(secret)}`).toString('base64')}`,
    },
    body: new URLSearchParams({
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token,
      subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      audience: 'expenses-server',
      scope,
    }).toString(),
  });
  return { status, subject_token, answer: JSON.parse(body) as Record<string, string> };
}

describe('a user of another domain, asserted by its own identity provider', () => {
  it.each(eras)(
    verifies(
      ['tb:upstream-idjag', 'rs:both-eras'],
      'MCP %s: gets a token of Keycloak in two steps, which the server takes',
    ),
    async (era) => {
      const { status, answer } = await exchange('alice-of-the-portal');
      expect([status, answer.error_description]).toEqual([200, undefined]);
      const token = answer.access_token ?? '';
      expect(decodeJwt(token)).toMatchObject({ iss: urls.issuers.acme, aud: urls.mcp, azp: client.clientId });
      expect(new Set(answer.scope?.split(' '))).toEqual(new Set(scope.split(' ')));
      const { status: called, content } = await mcpCaller(era, urls.mcp).call(token, 'list_expenses');
      expect([called, content?.seen.user]).toEqual([200, 'alice']);
    },
  );

  it(
    verifies(
      ['tb:upstream-idjag', 'tb:error-map'],
      'is denied, and not sent to log in, where Keycloak does not know it',
    ),
    async () => {
      const { status, answer } = await exchange('nobody-of-the-portal');
      expect([status, answer.error]).toEqual([403, 'access_denied']);
    },
  );

  it(
    verifies(
      ['tb:upstream-idjag', 'op:redaction'],
      'leaves neither assertion nor token in what the broker wrote',
    ),
    async () => {
      const { subject_token, answer } = await exchange('alice-of-the-portal');
      expect(broker.output()).toContain('expenses-server');
      for (const written of [subject_token, answer.access_token ?? '', secret, client.secret])
        for (const part of written.split('.').filter((one) => one.length > 20))
          expect(broker.output()).not.toContain(part);
      expect(broker.output()).not.toMatch(/eyJ[\w-]{20,}\.[\w-]{20,}/);
    },
  );
});

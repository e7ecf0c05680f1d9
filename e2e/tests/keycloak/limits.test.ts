import { verifies } from '@mcp-obo/testbed/verifies';
import { decodeJwt } from 'jose';
import { describe, expect, inject, it } from 'vitest';
import { askBroker } from '../clients/fixture/exchange-as-mcp-server.ts';
import { logInBound, newKey } from './fixture/bound-login.ts';
import { eras, mcpCaller } from './fixture/call.ts';
import { exchangeAtKeycloak } from './fixture/exchange-at-keycloak.ts';
import { logInAtRealm, realmEndpoint } from './fixture/log-in.ts';
import { addClient } from './fixture/own-client.ts';
import { addMapper } from './fixture/realm.ts';

const platform = inject('platform');
const { secrets } = inject('keycloak');
const { urls } = platform;
const read = { audience: 'api://expenses', scope: 'api:expenses.read' };

// A row of docs/idp/keycloak.md each. When one of these fails, Keycloak has learnt something, and so should the page.
describe('what an exchange at Keycloak does not do', () => {
  it('look at `resource` (RFC 8707): the audience is what `audience` says', async () => {
    const { accessToken } = await logInAtRealm(platform, 'alice');
    const { status, body } = await exchangeAtKeycloak(accessToken, {
      ...read,
      resource: 'https://elsewhere.example',
    });
    expect([status, decodeJwt(body.access_token).aud]).toEqual([200, 'api://expenses']);
  });

  it('look at `actor_token`: nobody acts in what it issues', async () => {
    const { accessToken } = await logInAtRealm(platform, 'alice');
    const { status, body } = await exchangeAtKeycloak(accessToken, {
      ...read,
      actor_token: 'anything',
      actor_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    });
    expect([status, decodeJwt(body.access_token)]).toEqual([
      200,
      expect.not.objectContaining({ act: expect.anything() }),
    ]);
  });

  it('end with the subject: a token of a minute brings one of five', async () => {
    const brief = await addClient('acme', { attributes: { 'access.token.lifespan': '60' } });
    const { accessToken, claims } = await logInAtRealm(platform, 'alice', brief);
    const { body } = await exchangeAtKeycloak(accessToken, read);
    const { iat = 0, exp = 0 } = decodeJwt(body.access_token);
    expect([exp - iat, exp - (claims.exp ?? 0) >= 240]).toEqual([300, true]);
    await brief.remove();
  });
});

describe('who acts, written by a mapper of the MCP server’s registration', () => {
  it.each(eras)(
    verifies('tb:may-act', 'MCP %s: reaches the API as the actor, beside the user'),
    async (era) => {
      const undo = await addMapper('acme', urls.mcp, 'oidc-hardcoded-claim-mapper', {
        'claim.name': 'act',
        'claim.value': JSON.stringify({ sub: 'the-expenses-agent' }),
        'jsonType.label': 'JSON',
        'access.token.claim': 'true',
      });
      try {
        const { accessToken } = await logInAtRealm(platform, 'alice');
        const { status, content } = await mcpCaller(era, urls.mcp).call(accessToken, 'list_expenses');
        expect([status, content?.seen]).toEqual([
          200,
          expect.objectContaining({
            user: 'alice',
            actor: 'the-expenses-agent',
            act: ['the-expenses-agent'],
          }),
        ]);
      } finally {
        await undo();
      }
    },
  );
});

describe('a token that is bound to a key (DPoP), exchanged', () => {
  it(
    verifies(
      'tb:subject-check',
      'is refused by the broker, which does not ask, and by Keycloak for anybody but its client',
    ),
    async () => {
      const bound = await logInBound('alice');
      const { status, body } = await askBroker({ urls, secrets }, { subjectToken: bound.accessToken });
      expect([status, body.error]).toEqual([400, 'invalid_request']);
      const own = await newKey();
      const endpoint = realmEndpoint(urls.issuers.acme, 'token');
      const proofs: readonly Record<string, string>[] = [
        {},
        { dpop: await bound.prove('POST', endpoint) },
        { dpop: await own.prove('POST', endpoint) },
      ];
      for (const headers of proofs) {
        const refused = await exchangeAtKeycloak(bound.accessToken, read, headers);
        expect([refused.status, refused.body.error, refused.body.error_description]).toEqual([
          400,
          'invalid_request',
          expect.stringMatching(/^Sender-constrained token exchange rejected/),
        ]);
      }
    },
  );

  it('is what a bearer token becomes for whoever exchanges it with a proof', async () => {
    const { accessToken } = await logInAtRealm(platform, 'alice');
    const { prove } = await newKey();
    const dpop = await prove('POST', realmEndpoint(urls.issuers.acme, 'token'));
    const { status, body } = await exchangeAtKeycloak(accessToken, read, { dpop });
    expect([status, body.token_type, decodeJwt(body.access_token).cnf]).toEqual([
      200,
      'DPoP',
      expect.objectContaining({ jkt: expect.any(String) }),
    ]);
  });
});

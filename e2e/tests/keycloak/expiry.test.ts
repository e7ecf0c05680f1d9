import { setTimeout as sleep } from 'node:timers/promises';
import { verifies } from '@mcp-obo/testbed/verifies';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { askBroker } from '../clients/fixture/exchange-as-mcp-server.ts';
import { eras, mcpCaller } from './fixture/call.ts';
import { clientLines } from './fixture/client-lines.ts';
import { eventsOf } from './fixture/events.ts';
import { newEvidence } from './fixture/evidence.ts';
import { logInAtRealm } from './fixture/log-in.ts';
import { addClient, type OwnClient } from './fixture/own-client.ts';

const platform = inject('platform');
const { secrets } = inject('keycloak');
const { urls } = platform;

/** Seconds that an access token of this client lives. */
const life = 10;
let shortLived: OwnClient;
beforeAll(async () => {
  shortLived = await addClient('acme', { attributes: { 'access.token.lifespan': String(life) } });
});
afterAll(() => shortLived?.remove());

const until = (seconds = 0) => sleep(Math.max(0, seconds * 1000 - Date.now()));

describe.concurrent('a token that ends in the middle of work', () => {
  it.each(eras)(
    verifies(
      ['rs:invalid-token', 'tb:cache-ttl', 'tb:error-map'],
      'MCP %s: is refused with invalid_token where the API is needed, although the exchanged one would live on',
    ),
    async (era) => {
      const { call } = mcpCaller(era, urls.mcp);
      const { accessToken, claims } = await logInAtRealm(platform, 'bob', { clientId: shortLived.clientId });
      const { exp = 0 } = claims;
      expect((await call(accessToken, 'list_expenses')).status).toBe(200);
      const { body } = await askBroker({ urls, secrets }, { subjectToken: accessToken });
      const exchanged = decodeJwt(body.access_token ?? '');
      // Keycloak gives it five minutes; here it is worth no more than the token it was made from.
      expect((exchanged.exp ?? 0) - exp).toBeGreaterThan(200);
      expect(body.expires_in).toBeLessThanOrEqual(life);
      const exchanges = (await eventsOf('acme', 'TOKEN_EXCHANGE', claims)).length;

      await until(exp + 0.2);
      const evidence = newEvidence();
      const late = await call(accessToken, 'list_expenses', {}, evidence.headers);
      expect([late.status, late.content]).toEqual([401, undefined]);
      expect(late.challenge).toMatch(/^Bearer error="invalid_token", .*resource_metadata="/);
      const records = await evidence.audit('broker');
      expect(records.at(-1)).toMatchObject({ decision: 'refuse', reason: 'subject_expired' });
      expect(evidence.heardOf('downstream-api')).toBe(false);
      expect(await eventsOf('acme', 'TOKEN_EXCHANGE', claims)).toHaveLength(exchanges);
      expect((await askBroker({ urls, secrets }, { subjectToken: accessToken })).status).toBe(400);
      // The server's own checks forgive clocks that differ by up to 30 s (rs:time).
      expect((await call(accessToken, 'whoami')).status).toBe(200);
    },
  );

  it.each(Object.entries(clientLines))(
    verifies('cl:refresh', 'does not stop %s: it works through several of them, and the user is asked once'),
    async (_name, connect) => {
      const client = await connect(platform, 'alice', shortLived.clientId);
      const held = new Set<string>();
      const end = performance.now() + 2.2 * life * 1000;
      while (performance.now() < end) {
        const { isError, structuredContent } = await client.call('list_expenses');
        expect(isError).not.toBe(true);
        expect(structuredContent).toMatchObject({ seen: { user: 'alice' } });
        held.add(client.tokens().accessToken);
        await sleep(300);
      }
      expect(held.size).toBeGreaterThanOrEqual(3);
      expect(client.logins()).toBe(1);
      await client.close();
    },
  );
});

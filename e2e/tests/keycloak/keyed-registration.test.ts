import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { verifies } from '@mcp-obo/testbed/verifies';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { eras, mcpCaller } from './fixture/call.ts';
import { eventsOf, sharedAdmin } from './fixture/events.ts';
import { newEvidence } from './fixture/evidence.ts';
import { type ForeignIssuer, startForeignIssuer } from './fixture/foreign-issuer.ts';
import { logInAtRealm } from './fixture/log-in.ts';
import { type SkewedApps, startSkewed } from './fixture/skewed-apps.ts';

const platform = inject('platform');
const { secrets } = inject('keycloak');
const { urls } = platform;
const admin = sharedAdmin();

/** Makes Keycloak ask the MCP server's registration for a signed assertion (RFC 7523 §2.2), or for its secret. */
async function authenticateBy(jwksUri: string | undefined): Promise<void> {
  const { id, attributes } = await admin.client('acme', urls.mcp);
  await admin.change(`acme/clients/${id}`, {
    clientAuthenticatorType: jwksUri === undefined ? 'client-secret' : 'client-jwt',
    secret: secrets.registration.acme,
    attributes: {
      ...(attributes as object),
      'use.jwks.url': String(jwksUri !== undefined),
      'jwks.url': jwksUri ?? '',
    },
  });
}

describe('the MCP server’s registration at Keycloak with a key instead of a secret', () => {
  const dir = mkdtempSync(join(tmpdir(), 'registration-'));
  let keys: ForeignIssuer;
  let apps: SkewedApps;
  beforeAll(async () => {
    keys = await startForeignIssuer();
    const file = join(dir, 'key.pem');
    writeFileSync(file, keys.key.privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
    const upstream = {
      issuer: urls.issuers.acme,
      client_id: urls.mcp,
      method: 'private_key_jwt',
      key: { file },
      kid: keys.key.kid,
      alg: 'RS256',
    };
    apps = await startSkewed(0, {
      broker: (shared) => ({ ...shared, clients: [{ ...shared.clients[0], upstream: [upstream] }] }),
    });
    await authenticateBy(keys.jwksUri);
  });
  afterAll(async () => {
    await authenticateBy(undefined);
    await apps?.stop();
    await keys?.close();
    rmSync(dir, { recursive: true, force: true });
  });

  it.each(eras)(
    verifies(
      ['tb:upstream-credential', 'tb:upstream-8693', 'rs:both-eras'],
      'MCP %s: every exchange has an assertion of its own, as Keycloak takes none twice',
    ),
    async (era) => {
      const { call } = mcpCaller(era, apps.url);
      for (const username of ['alice', 'bob', 'alice']) {
        const { accessToken, claims } = await logInAtRealm(platform, username);
        const { status, content } = await call(accessToken, 'list_expenses');
        expect([status, content?.seen.user]).toEqual([200, username]);
        expect(await eventsOf('acme', 'TOKEN_EXCHANGE', claims)).toHaveLength(1);
      }
    },
  );

  it.each(eras)(
    verifies(
      'tb:error-map',
      'MCP %s: a broker that still has the old secret fails with an alarm, and the caller is not blamed',
    ),
    async (era) => {
      const { accessToken } = await logInAtRealm(platform, 'maria');
      const evidence = newEvidence();
      const { call } = mcpCaller(era, urls.mcp);
      const { status, challenge } = await call(accessToken, 'list_expenses', {}, evidence.headers);
      expect([Math.floor(status / 100), challenge]).toEqual([5, null]);
      await expect
        .poll(() => evidence.complaints('broker'))
        .toContainEqual(expect.objectContaining({ alarm: true }));
    },
  );
});

import { readFileSync } from 'node:fs';
import { verifies } from '@mcp-obo/testbed/verifies';
import { decodeJwt } from 'jose';
import { describe, expect, inject, it } from 'vitest';
import { exchangeAsMcpServer } from '../clients/fixture/exchange-as-mcp-server.ts';
import { revokeAsMcpServer } from '../clients/fixture/revoke-as-mcp-server.ts';
import { sharedAdmin } from './fixture/events.ts';
import { logInAtRealm, realmEndpoint, refresh } from './fixture/log-in.ts';

const platform = inject('platform');
const { secrets, auditFiles } = inject('keycloak');
const { urls } = platform;
const issuer = urls.issuers.acme;

/** Whether Keycloak itself says that a token can be used (RFC 7662): to whom it is for, and to nobody else. */
async function isActive(token: string): Promise<boolean> {
  const audience = [decodeJwt(token).aud].flat().find((name) => name === urls.mcp) ?? 'api://expenses';
  const client_secret = audience === urls.mcp ? secrets.registration.acme : await secretOf(audience);
  const response = await fetch(`${realmEndpoint(issuer, 'token')}/introspect`, {
    method: 'POST',
    body: new URLSearchParams({ token, client_id: audience, client_secret }),
  });
  return ((await response.json()) as { readonly active: boolean }).active;
}

async function secretOf(clientId: string): Promise<string> {
  const admin = sharedAdmin();
  const { id } = await admin.client('acme', clientId);
  const { value } = (await admin.request('GET', `acme/clients/${id}/client-secret`)) as { value: string };
  return value;
}

/** A login, and what the broker obtained with it. */
async function logIn() {
  const login = await logInAtRealm(platform, 'alice');
  const { accessToken: obtained } = await exchangeAsMcpServer({ urls, secrets }, login.accessToken);
  return { ...login, obtained };
}

/** What the broker wrote down of a token at its issuer. */
const recordsOf = (token: string) =>
  readFileSync(auditFiles.broker, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
    .filter(({ token_id, reason }) => token_id === decodeJwt(token).jti && /^issuer_/.test(reason));

describe('what the broker obtained ends at Keycloak', () => {
  it(verifies('tb:revocation', 'when the token is revoked that it was obtained with'), async () => {
    const [ended, other] = [await logIn(), await logIn()];
    const states = () => Promise.all([ended.obtained, other.obtained].map(isActive));
    expect(await states()).toEqual([true, true]);
    expect(await revokeAsMcpServer({ urls, secrets }, ended.accessToken)).toBe(200);
    await expect.poll(states, { timeout: 20_000, interval: 50 }).toEqual([false, true]);
    await expect
      .poll(() => recordsOf(ended.obtained))
      .toMatchObject([
        { type: 'revocation', decision: 'allow', reason: 'issuer_revoked', issuer, client_id: 'mcp-server' },
      ]);
    expect(recordsOf(other.obtained)).toEqual([]);
  });

  it(
    verifies('tb:revocation', 'when it is revoked itself, and the login that it was obtained with goes on'),
    async () => {
      const login = await logIn();
      expect(await isActive(login.obtained)).toBe(true);
      expect(await revokeAsMcpServer({ urls, secrets }, login.obtained)).toBe(200);
      await expect.poll(() => isActive(login.obtained), { timeout: 20_000, interval: 50 }).toBe(false);
      expect(await isActive(login.accessToken)).toBe(true);
      const next = await exchangeAsMcpServer({ urls, secrets }, login.accessToken);
      expect(next.accessToken).not.toBe(login.obtained);
      expect(await isActive(next.accessToken)).toBe(true);
      expect((await refresh(issuer, login.refreshToken)).status).toBe(200);
    },
  );
});

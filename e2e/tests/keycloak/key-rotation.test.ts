import { verifies } from '@mcp-obo/testbed/verifies';
import { decodeProtectedHeader } from 'jose';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { type Era, eras, mcpCaller } from './fixture/call.ts';
import { newEvidence } from './fixture/evidence.ts';
import { askForToken, logInAtRealm, realmEndpoint } from './fixture/log-in.ts';
import { addClient, type OwnClient } from './fixture/own-client.ts';
import { addSigningKey, keyRequests, signingKeys } from './fixture/signing-keys.ts';
import { type SkewedApps, startSkewed } from './fixture/skewed-apps.ts';
import { startTraffic, type TrafficAnswer } from './fixture/traffic.ts';

const platform = inject('platform');
const { urls } = platform;
const { secrets } = inject('keycloak');
const realm = 'globex';
/** MCP server, broker and API each keep keys of their own. */
const keepers = 3;
/** Requests while it is counted that are the test's own two, and one of the server beside. */
const notOfTheParts = 3;
/** Seconds that keys are kept (packages/validator/README.md). */
const kept = 300;

const failuresOf = (answers: readonly TrafficAnswer[]) =>
  answers.filter(({ status, toolError }) => status !== 200 || toolError !== undefined);
const published = async () => {
  const response = await fetch(realmEndpoint(urls.issuers.globex, 'certs'));
  const { keys } = (await response.json()) as { keys: readonly { kid: string }[] };
  return keys.map(({ kid }) => kid);
};

describe('the keys of a realm, rotated while calls run', () => {
  let patient: OwnClient;
  let aside: SkewedApps;
  beforeAll(async () => {
    // Its tokens outlive the keys that are kept.
    patient = await addClient(realm, { attributes: { 'access.token.lifespan': '1200' } });
    aside = await startSkewed(0);
  });
  afterAll(async () => {
    await aside?.stop();
    await patient?.remove();
  });
  const callAside = (token: string, era: Era = '2026-07-28', headers = {}) =>
    mcpCaller(era, aside.url).call(token, 'whoami', {}, headers);
  const logIn = async () => {
    const { accessToken } = await logInAtRealm(platform, 'gina', { clientId: patient.clientId });
    return { accessToken, kid: decodeProtectedHeader(accessToken).kid ?? '' };
  };

  let before: Awaited<ReturnType<typeof logIn>>;

  it(verifies(
    ['rs:jwks-rotation', 'rs:jwks-cooldown', 'rs:both-eras'],
    'no call fails while a new key signs, the old one is passive, and it is gone; the issuer is hardly asked',
  ), async () => {
    const [oldKey] = await signingKeys(realm);
    before = await logIn();
    const traffic = startTraffic(urls.mcp);
    traffic.join('old key', before.accessToken);
    await traffic.settle(8);

    const rotatedAt = Date.now();
    await addSigningKey(realm);
    const after = await logIn();
    expect(after.kid).not.toBe(before.kid);
    traffic.join('new key', after.accessToken);
    await traffic.settle(16);

    await oldKey?.makePassive();
    expect(await published()).toEqual(expect.arrayContaining([before.kid, after.kid]));
    traffic.join('old key passive', (await logIn()).accessToken);
    await traffic.settle(8);
    traffic.leave('old key');
    // It keeps the keys of this moment.
    expect((await callAside(before.accessToken)).status).toBe(200);

    await oldKey?.remove();
    expect(await published()).not.toContain(before.kid);
    traffic.join('old key removed', (await logIn()).accessToken);
    await traffic.settle(8);

    const answers = await traffic.end();
    expect(failuresOf(answers)).toEqual([]);
    expect(new Set(answers.map(({ name }) => name)).size).toBe(4);
    const requests = async () => (await keyRequests(realm, rotatedAt)) - notOfTheParts;
    await expect.poll(requests, { timeout: 10_000 }).toBeGreaterThan(0);
    const asked = await requests();
    process.stdout.write(`${answers.length} calls; ${keepers} parts asked for the keys ${asked} times.\n`);
    // Each for the new key, and once more when its time was up just then.
    expect(asked).toBeLessThanOrEqual(2 * keepers);
  }, 180_000);

  it(
    verifies(
      ['rs:jwks-ttl', 'rs:invalid-token', 'rs:both-eras'],
      'a token of the removed key ends within five minutes, whatever its own lifetime; new ones go on',
    ),
    async () => {
      aside.setAhead(kept * 0.75);
      for (const era of eras) expect((await callAside(before.accessToken, era)).status).toBe(200);
      aside.setAhead(kept + 1);
      for (const era of eras) {
        const evidence = newEvidence(aside.files);
        const { status, challenge } = await callAside(before.accessToken, era, evidence.headers);
        expect([status, challenge]).toEqual([401, expect.stringMatching(/^Bearer error="invalid_token"/)]);
        const [record] = await evidence.audit('mcp-server');
        expect(record).toMatchObject({ decision: 'refuse', reason: 'unknown_key' });
        const { accessToken } = await logIn();
        // A clock that jumps ahead makes the view of revocations old until the next look, half a second later.
        const later = async () => (await callAside(accessToken, era)).status;
        await expect.poll(later, { timeout: 10_000 }).toBe(200);
      }
    },
  );

  it(
    verifies('tb:error-map', 'Keycloak itself exchanges it no more from the moment of the removal'),
    async () => {
      const { status, body } = await askForToken(urls.issuers.globex, {
        grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
        subject_token: before.accessToken,
        subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
        client_id: urls.mcp,
        client_secret: secrets.registration.globex,
        audience: 'api://expenses',
        scope: 'api:expenses.read',
      });
      expect([status, body.error]).toEqual([400, 'invalid_request']);
    },
  );
});

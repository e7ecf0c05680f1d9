import { setTimeout as sleep } from 'node:timers/promises';
import { verifies } from '@mcp-obo/testbed/verifies';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { type Era, eras, mcpCaller } from './fixture/call.ts';
import { type Evidence, newEvidence } from './fixture/evidence.ts';
import { logInAtRealm, type RealmLogin } from './fixture/log-in.ts';
import { addClient, type OwnClient } from './fixture/own-client.ts';
import { type SkewedApps, startSkewed } from './fixture/skewed-apps.ts';

const platform = inject('platform');

/** Seconds that an access token of this client lives. */
const shortLife = 8;
let shortLived: OwnClient;
beforeAll(async () => {
  shortLived = await addClient('acme', { attributes: { 'access.token.lifespan': String(shortLife) } });
});
afterAll(() => shortLived?.remove());

/** The scenarios of one clock. Seconds that it is ahead of Keycloak's. */
function withClock(ahead: number, name: string, scenarios: (on: Skewed) => void): void {
  describe(name, () => {
    let apps: SkewedApps;
    beforeAll(async () => {
      apps = await startSkewed(ahead);
    });
    afterAll(() => apps?.stop());
    scenarios({
      evidence: () => newEvidence(apps.files),
      call: (era, token, tool, evidence) => mcpCaller(era, apps.url).call(token, tool, {}, evidence?.headers),
    });
  });
}

interface Skewed {
  readonly evidence: () => Evidence;
  readonly call: (
    era: Era,
    token: string,
    tool: string,
    evidence?: Evidence,
  ) => ReturnType<ReturnType<typeof mcpCaller>['call']>;
}

const fresh = () => logInAtRealm(platform, 'alice');
const short = () => logInAtRealm(platform, 'alice', { clientId: shortLived.clientId });
const age = async ({ claims }: RealmLogin, seconds: number) =>
  sleep(Math.max(0, ((claims.iat ?? 0) + seconds) * 1000 - Date.now()));

withClock(20, 'a clock that is 20 s ahead of Keycloak’s', (on) => {
  doesNoHarm(on);

  it(verifies('rs:time', 'ends an exchange that much before Keycloak would'), async () => {
    const { accessToken } = await short();
    const trace = on.evidence();
    expect((await on.call('2026-07-28', accessToken, 'whoami')).status).toBe(200);
    expect((await on.call('2026-07-28', accessToken, 'list_expenses', trace)).status).toBe(401);
    expect((await trace.audit('broker')).at(-1)).toMatchObject({
      decision: 'refuse',
      reason: 'subject_expired',
    });
  });
});

withClock(-20, 'a clock that is 20 s behind Keycloak’s', (on) => {
  doesNoHarm(on);

  it(verifies('rs:time', 'leaves the last word to Keycloak when a token has ended'), async () => {
    const login = await short();
    await age(login, shortLife + 1);
    const trace = on.evidence();
    expect((await on.call('2026-07-28', login.accessToken, 'list_expenses', trace)).status).toBe(401);
    expect((await trace.audit('broker')).at(-1)).toMatchObject({
      decision: 'refuse',
      reason: 'subject_refused',
    });
  });
});

withClock(40, 'a clock that is 40 s ahead of Keycloak’s', ({ call, evidence }) => {
  it.each(eras)(
    verifies(
      'rs:time',
      'MCP %s: refuses a token that has seconds to live, and says in the log that it is expired',
    ),
    async (era) => {
      const { accessToken } = await short();
      const trace = evidence();
      const { status, challenge } = await call(era, accessToken, 'whoami', trace);
      expect([status, challenge]).toEqual([401, expect.stringMatching(/^Bearer error="invalid_token"/)]);
      await expectInLog(trace, 'expired');
    },
  );

  it(
    verifies('rs:time', 'is not noticed as long as a token has longer to live than the clock is wrong'),
    async () => {
      expect((await call('2026-07-28', (await fresh()).accessToken, 'list_expenses')).status).toBe(200);
    },
  );
});

withClock(-40, 'a clock that is 40 s behind Keycloak’s', ({ call, evidence }) => {
  let older: Promise<RealmLogin> | undefined;

  it.each(eras)(
    verifies('rs:time', 'MCP %s: refuses a new token, and says in the log that it is from the future'),
    async (era) => {
      const { accessToken } = await fresh();
      const trace = evidence();
      const { status, challenge } = await call(era, accessToken, 'whoami', trace);
      expect([status, challenge]).toEqual([401, expect.stringMatching(/^Bearer error="invalid_token"/)]);
      await expectInLog(trace, 'issued_in_future');
    },
  );

  it.each(eras)(
    verifies(
      ['rs:time', 'tb:error-map'],
      'MCP %s: takes an older token and not the new one it is exchanged for; that is no fault of the caller',
    ),
    async (era) => {
      older ??= fresh();
      const login = await older;
      await age(login, 11);
      expect((await call(era, login.accessToken, 'whoami')).status).toBe(200);
      const trace = evidence();
      const { status, challenge } = await call(era, login.accessToken, 'list_expenses', trace);
      expect([status, challenge]).toEqual([502, null]);
      const records = await trace.audit('broker');
      expect(records.at(-1)).toMatchObject({ decision: 'fault', reason: 'answer_issued_in_future' });
      await expect
        .poll(() => trace.complaints('broker'))
        .toContainEqual(expect.objectContaining({ alarm: true, reason: 'answer_issued_in_future' }));
    },
  );
});

function doesNoHarm({ call }: Skewed): void {
  it.each(eras)(
    verifies(['rs:time', 'rs:both-eras'], 'MCP %s: does no harm, from the first second of a token on'),
    async (era) => {
      const { accessToken } = await fresh();
      for (const tool of ['whoami', 'list_expenses']) {
        const { status, toolError } = await call(era, accessToken, tool);
        expect([tool, status, toolError]).toEqual([tool, 200, undefined]);
      }
    },
  );
}

/** What an operator finds by the trace id of the refusal. */
async function expectInLog(trace: Evidence, reason: string): Promise<void> {
  expect(await trace.audit('mcp-server')).toEqual([
    expect.objectContaining({ type: 'authentication', decision: 'refuse', reason }),
  ]);
  await expect
    .poll(() => trace.log('mcp-server'))
    .toContainEqual(expect.objectContaining({ msg: 'token refused', reason }));
}

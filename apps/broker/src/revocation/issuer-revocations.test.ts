import type { EvictedToken } from '@mcp-obo/exchange';
import { OAuthError } from '@mcp-obo/oauth-error';
import { verifies } from '@mcp-obo/testbed/verifies';
import { describe, expect, it } from 'vitest';
import { createIssuerRevocations, isCovered, revokeAtIssuer } from './issuer-revocations.ts';

const issuer = 'https://idp.example/acme';
const noon = 1_795_262_400;

const token = (accessToken: string, over: Partial<EvictedToken> = {}): EvictedToken => ({
  accessToken,
  issuer,
  client: 'mcp-server',
  registration: 'https://mcp.example/mcp',
  subjectIssuedAt: noon - 60,
  expiresAt: noon + 300,
  ...over,
});

const fault = (retryAfter?: number) =>
  new OAuthError('temporarily_unavailable', 'Later.', {
    reason: 'upstream_fault',
    ...(retryAfter !== undefined && { retryAfter }),
  });
const refusal = (reason: string) => new OAuthError('bad_gateway', 'No.', { reason });

/** Revocations at an issuer that answers as told, timers that fire when they are told, and what came of it all. */
function setUp(answer: (accessToken: string) => Promise<void> = async () => undefined, most?: number) {
  const asked: string[] = [];
  const outcomes: string[] = [];
  const timers: { readonly work: () => void; readonly milliseconds: number }[] = [];
  const revocations = createIssuerRevocations({
    revoke: async ({ accessToken }) => {
      asked.push(accessToken);
      await answer(accessToken);
    },
    observer: { atIssuer: ({ accessToken }, outcome) => void outcomes.push(`${accessToken} ${outcome}`) },
    now: () => noon * 1000,
    schedule(work, milliseconds) {
      const timer = { work, milliseconds };
      timers.push(timer);
      return () => void timers.splice(timers.indexOf(timer), 1);
    },
    ...(most !== undefined && { most }),
  });
  const fire = async () => {
    for (const { work } of timers.splice(0)) work();
    await Promise.resolve();
  };
  return { ...revocations, asked, outcomes, timers, fire };
}

describe('a token that is ended at its issuer', () => {
  it(verifies('tb:revocation', 'is revoked in the background, and counted'), async () => {
    const { revoke, asked, outcomes } = setUp();
    expect(revoke(token('a'))).toBeUndefined();
    expect([asked, outcomes]).toEqual([['a'], []]);
    await expect.poll(() => outcomes).toEqual(['a revoked']);
  });

  it('is asked for once while it is under way, and not at all when it is over', async () => {
    const { revoke, asked, outcomes } = setUp();
    revoke(token('a'));
    revoke(token('a'));
    revoke(token('b', { expiresAt: noon }));
    await expect.poll(() => outcomes).toEqual(['a revoked']);
    expect(asked).toEqual(['a']);
  });

  it.each([
    ['refused for good', refusal('revocation_refused'), 'refused'],
    ['refused with our registration', refusal('upstream_credential'), 'refused'],
    ['not possible for such a token', refusal('revocation_unsupported'), 'unsupported'],
    ['not possible at all', refusal('upstream_no_revocation_endpoint'), 'unsupported'],
    ['broken here', new TypeError('bug'), 'refused'],
  ])(verifies('tb:revocation', 'is not tried again when it is %s'), async (_what, error, outcome) => {
    const { revoke, asked, outcomes, timers } = setUp(() => Promise.reject(error));
    revoke(token('a'));
    await expect.poll(() => outcomes).toEqual([`a ${outcome}`]);
    expect([asked.length, timers.length]).toEqual([1, 0]);
  });

  it(verifies('tb:revocation', 'is tried again after a fault, three times and later each time'), async () => {
    const { revoke, asked, outcomes, timers, fire } = setUp(() => Promise.reject(fault()));
    revoke(token('a'));
    const pauses: (number | undefined)[] = [];
    for (let times = 0; times < 3; times += 1) {
      await expect.poll(() => timers.length).toBe(1);
      pauses.push(timers[0]?.milliseconds);
      await fire();
    }
    await expect.poll(() => outcomes).toEqual(['a fault']);
    expect(pauses).toEqual([1000, 5000, 15_000]);
    expect(asked).toHaveLength(4);
  });

  it.each([
    ['as long as it asks', 20, 20_000],
    ['a minute at most', 3600, 60_000],
  ])('is tried again when the issuer had %s', async (_what, retryAfter, milliseconds) => {
    const { revoke, timers } = setUp(() => Promise.reject(fault(retryAfter)));
    revoke(token('a'));
    await expect.poll(() => timers.map((timer) => timer.milliseconds)).toEqual([milliseconds]);
  });

  it('is not tried again when it will be over by then', async () => {
    const { revoke, outcomes, timers } = setUp(() => Promise.reject(fault(20)));
    revoke(token('a', { expiresAt: noon + 10 }));
    await expect.poll(() => outcomes).toEqual(['a fault']);
    expect(timers).toEqual([]);
  });

  it(verifies('tb:revocation', 'is dropped, and counted, when too many are under way'), async () => {
    const { revoke, asked, outcomes } = setUp(() => new Promise(() => undefined), 2);
    for (const name of ['a', 'b', 'c']) revoke(token(name));
    expect([asked, outcomes]).toEqual([['a', 'b'], ['c dropped']]);
  });
});

describe('the end of the process', () => {
  it('waits for what is under way', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const { revoke, drain, outcomes } = setUp(() => promise);
    revoke(token('a'));
    const drained = drain(3000);
    expect(outcomes).toEqual([]);
    resolve();
    await drained;
    expect(outcomes).toEqual(['a revoked']);
  });

  it(
    verifies('tb:revocation', 'drops, and counts, what waits for another try or takes too long'),
    async () => {
      const never = new Promise<void>(() => undefined);
      const { revoke, drain, timers, fire, outcomes } = setUp((name) =>
        name === 'waits' ? Promise.reject(fault()) : never,
      );
      revoke(token('waits'));
      revoke(token('long'));
      await expect.poll(() => timers.length).toBe(1);
      const drained = drain(3000);
      expect(outcomes).toEqual(['waits dropped']);
      expect(timers.map(({ milliseconds }) => milliseconds)).toEqual([3000]);
      await fire();
      await drained;
      expect(outcomes).toEqual(['waits dropped', 'long dropped']);
      revoke(token('late'));
      expect(outcomes).toContain('late dropped');
    },
  );

  it('is at once when nothing is under way', async () => {
    await expect(setUp().drain(3000)).resolves.toBeUndefined();
  });
});

describe('whose credential', () => {
  const upstream = (clientId: string) => {
    const asked: string[] = [];
    const registration = (client: string) =>
      client === 'mcp-server' ? { clientId, id: clientId } : undefined;
    const revoke = async (client: string, accessToken: string) => void asked.push(`${client} ${accessToken}`);
    return { asked, upstream: { issuer, registration, revoke } as never };
  };

  it(verifies('tb:upstream-credential', 'is that of the registration that obtained it'), async () => {
    const { asked, upstream: own } = upstream('https://mcp.example/mcp');
    await revokeAtIssuer([own], token('a'), 0);
    expect(asked).toEqual(['mcp-server a']);
  });

  it.each<readonly [string, Partial<EvictedToken>]>([
    ['the client has another registration by now', { registration: 'https://old.example/mcp' }],
    ['the client is gone', { client: 'reports-server' }],
    ['the issuer is gone', { issuer: 'https://idp.example/globex' }],
  ])(verifies('tb:upstream-credential', 'is nobody else’s when %s'), async (_why, over) => {
    const { asked, upstream: own } = upstream('https://mcp.example/mcp');
    await expect(revokeAtIssuer([own], token('a', over), 0)).rejects.toMatchObject({
      reason: 'no_registration',
    });
    expect(asked).toEqual([]);
  });
});

it(
  verifies('tb:revocation', 'covers what was obtained with a token from before it, and no later one'),
  () => {
    const entry = { key: 'user:x', before: noon * 1000, until: 0 };
    expect(isCovered(token('a', { subjectIssuedAt: noon }), entry)).toBe(true);
    expect(isCovered(token('a', { subjectIssuedAt: noon + 1 }), entry)).toBe(false);
  },
);

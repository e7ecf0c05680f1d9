import { subjectKey } from '@mcp-obo/grant';
import {
  createMemoryObtained,
  createMemoryRevocations,
  type ObtainedTokens,
  type RevocationList,
} from '@mcp-obo/revocation';
import { verifies } from '@mcp-obo/testbed/verifies';
import { expect, it } from 'vitest';
import { createRevoker } from './revoker.ts';

const issuer = 'https://idp.example/acme';
const now = () => 1_795_262_400_000;
const later = now() + 300_000;
const named = (id: string) => subjectKey('token', issuer, id);
const revocation = { kind: 'token', issuer, id: 'of alice' } as const;

/** A revoker, what it told and evicted, and the work it put off. */
function setUp(
  tellOthers: () => Promise<void> = async () => undefined,
  knownHere: Partial<Pick<ObtainedTokens, 'findHere'>> = {},
) {
  const memory = createMemoryRevocations({ now });
  const told: string[] = [];
  const evicted: string[] = [];
  const putOff: (() => void)[] = [];
  const list: RevocationList = {
    ...memory,
    async revoke(entries) {
      await memory.revoke(entries);
      await tellOthers();
      told.push(...entries.map(({ key }) => key));
    },
  };
  const obtained = { ...createMemoryObtained({ now }), ...knownHere };
  const { revoke } = createRevoker({
    list,
    obtained,
    evict: async ({ key }) => void evicted.push(key),
    longestLife: () => 3_600_000,
    now,
    schedule: (work) => {
      putOff.push(work);
      return () => undefined;
    },
    onError: () => undefined,
  });
  return { list, obtained, revoke, told, evicted, putOff };
}

it(
  verifies('tb:revocation', 'ends what was obtained with a token, and what was obtained with that'),
  async () => {
    const { obtained, revoke, told, evicted } = setUp();
    obtained.note([named('of alice')], { key: named('for the API'), until: later });
    obtained.note([named('for the API')], { key: named('for the archive'), until: later });
    obtained.note([named('of bob')], { key: named('of bob for the API'), until: later });
    await revoke(revocation);
    expect(new Set(told)).toEqual(new Set(['of alice', 'for the API', 'for the archive'].map(named)));
    expect(evicted).toEqual([named('of alice'), named('for the API')]);
  },
);

it(verifies('tb:revocation', 'ends what this process obtained with what another revoked'), async () => {
  const { list, obtained, told } = setUp();
  obtained.note([named('of alice')], { key: named('for the API'), until: later });
  await list.revoke([{ key: named('of alice'), before: now(), until: later }]);
  await expect.poll(() => told).toContain(named('for the API'));
});

it(verifies('tb:revocation', 'ends what a process obtained that is gone by now'), async () => {
  const { obtained, revoke, told } = setUp(undefined, { findHere: () => [] });
  obtained.note([named('of alice')], { key: named('for the API'), until: later });
  await revoke(revocation);
  expect(told).toEqual([named('of alice'), named('for the API')]);
});

it(verifies('tb:revocation', 'tries again what it could not tell, until it can'), async () => {
  let away = true;
  const { obtained, revoke, told, putOff } = setUp(async () => {
    if (away) throw new Error('Redis is away.');
  });
  obtained.note([named('of alice')], { key: named('for the API'), until: later });
  await expect(revoke(revocation)).rejects.toMatchObject({ status: 503, reason: 'revocation_untold' });
  expect(putOff).toHaveLength(1);
  putOff.shift()?.();
  await expect.poll(() => putOff.length).toBe(1);
  expect(told).toEqual([]);
  away = false;
  putOff.shift()?.();
  await expect.poll(() => told).toEqual(expect.arrayContaining([named('of alice'), named('for the API')]));
  expect(putOff).toEqual([]);
});

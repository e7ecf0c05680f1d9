import { subjectKey, subjectKeys } from '@mcp-obo/grant';
import { verifies } from '@mcp-obo/testbed/verifies';
import { describe, expect, it } from 'vitest';
import { bearer, noon, setUp } from '../test/platform.ts';
import { createValidator, type IssuerConfig } from './index.ts';

const idp = 'https://idp.example/acme';
const issuer = 'https://broker.example/acme';

const minted = {
  iss: issuer,
  sub: 'opaque-at-the-broker',
  sub_id: { format: 'iss_sub', iss: idp, sub: 'user-alice' },
  origin: { iss: idp, client_id: 'inspector', jti: 'login-1', iat: noon - 600, sid: 'session-1' },
};

const { validator, idp: broker } = setUp({ profile: 'broker', vouchesFor: [idp] }, {}, { issuer });
const outcome = async (claims: Readonly<Record<string, unknown>>) => {
  try {
    const { user, origin } = await validator.validate(bearer(await broker.mint({ ...minted, ...claims })));
    return { user, origin };
  } catch (error) {
    return (error as { reason?: string }).reason;
  }
};

describe('a token that a broker minted', () => {
  it(verifies('rs:user', 'speaks for the user of the identity provider, by its issuer and key'), async () => {
    expect(await outcome({})).toEqual({
      user: { issuer: idp, key: 'user-alice' },
      origin: {
        issuer: idp,
        client: 'inspector',
        tokenId: 'login-1',
        issuedAt: noon - 600,
        session: 'session-1',
      },
    });
  });

  it.each([
    [
      'a user of an issuer it may not speak for',
      { sub_id: { ...minted.sub_id, iss: 'https://idp.example/globex' } },
      'user_issuer',
    ],
    ['a user of its own', { sub_id: { ...minted.sub_id, iss: issuer } }, 'user_issuer'],
    ['a user of no issuer', { sub_id: { format: 'iss_sub', sub: 'user-alice' } }, 'user_issuer'],
    ['a user in another format', { sub_id: { format: 'opaque', id: 'user-alice' } }, 'user'],
    ['a user that is no object', { sub_id: 'user-alice' }, 'user'],
    ['nobody but `sub`', { sub_id: undefined }, 'user'],
    ['no beginning of the chain', { origin: undefined }, 'origin'],
    ['a beginning that is no object', { origin: [minted.origin] }, 'origin'],
    [
      'a beginning at an issuer it may not speak for',
      { origin: { ...minted.origin, iss: issuer } },
      'origin',
    ],
    ['a beginning without an id', { origin: { ...minted.origin, jti: '' } }, 'origin'],
    ['a beginning without a client', { origin: { ...minted.origin, client_id: 7 } }, 'origin'],
    ['a beginning without a time', { origin: { ...minted.origin, iat: 'noon' } }, 'time_claim'],
    ['a life of more than five minutes', { exp: noon + 301, iat: noon }, 'lifetime'],
  ])(verifies('rs:claims', 'is refused when it names %s'), async (_what, claims, reason) => {
    expect(await outcome(claims)).toBe(reason);
  });

  it('speaks for a machine when the client is its own subject', async () => {
    const machine = { sub: 'nightly-job', client_id: 'nightly-job', sub_id: undefined, origin: undefined };
    expect(await outcome(machine)).toEqual({ user: undefined, origin: undefined });
  });

  it(verifies('rs:user', 'is ended by all that ends the token it began with'), async () => {
    const grant = await validator.validate(bearer(await broker.mint(minted)));
    expect(subjectKeys(grant)).toEqual(
      expect.arrayContaining([
        subjectKey('token', idp, 'login-1'),
        subjectKey('client', idp, 'inspector'),
        subjectKey('session', idp, 'session-1'),
        subjectKey('user', idp, 'user-alice'),
        subjectKey('token', issuer, grant.tokenId),
        subjectKey('client', issuer, grant.client),
      ]),
    );
  });
});

it('an issuer of another profile vouches for nobody: the set-up is refused', () => {
  expect(() => setUp({ vouchesFor: [idp] })).toThrow('vouchesFor needs a profile');
});

it(
  verifies('rs:multi-issuer', 'a broker vouches for no issuer of another tenant: the set-up is refused'),
  () => {
    const tenant = (name: string, at: string) => ({
      issuer: at,
      tenant: name,
      audiences: ['https://mcp.example/mcp'],
    });
    const issuers: readonly IssuerConfig[] = [
      { ...tenant('globex', idp), profile: 'generic' },
      { ...tenant('acme', issuer), profile: 'broker', vouchesFor: [idp] },
    ];
    expect(() => createValidator({ issuers })).toThrow(`vouchesFor names ${idp}, which is of another tenant`);
  },
);

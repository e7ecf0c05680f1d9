import { verifies } from '@mcp-obo/testbed/verifies';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ClientConfig } from '../config.ts';
import { createRepeats, type Repeat, type Repeated } from './repeats.ts';
import { createTokenEndpoint } from './token-endpoint.ts';
import type { TokenRequest } from './token-request.ts';

const request: TokenRequest = {
  authorization: ['Basic bWNwOnNlY3JldA=='],
  query: [],
  body: 'grant_type=client_credentials',
  tenant: undefined,
};
const client = (method: string) =>
  ({ id: 'mcp-server', auth: { method }, grants: ['client_credentials'] }) as unknown as ClientConfig;

describe('the name of a request', () => {
  const { nameOf } = createRepeats();

  it(
    verifies('tb:client-auth', 'is shared by two requests only when every byte that counts is equal'),
    () => {
      const part = fc.stringMatching(/^[ -~]{0,12}$/);
      const requests = fc.record({
        authorization: fc.tuple(part),
        query: fc.constant([]),
        body: fc.string(),
        tenant: fc.option(fc.stringMatching(/^[a-z]{1,3}$/), { nil: undefined }),
      });
      fc.assert(
        fc.property(requests, requests, (one, other) => {
          const same =
            one.authorization[0] === other.authorization[0] &&
            one.body === other.body &&
            one.tenant === other.tenant;
          return (nameOf(one) === nameOf(other)) === same;
        }),
      );
    },
  );

  it.each<readonly [string, Partial<TokenRequest>]>([
    ['no Authorization header', { authorization: [] }],
    ['two Authorization headers', { authorization: ['Basic YQ==', 'Basic YQ=='] }],
    ['a query', { query: ['scope'] }],
    ['a client certificate', { certificate: { source: 'tls' } as unknown as TokenRequest['certificate'] }],
  ])(verifies('tb:client-auth', 'does not exist with %s'), (_what, over) => {
    expect(nameOf(request)).toBeDefined();
    expect(nameOf({ ...request, ...over })).toBeUndefined();
  });

  it('tells neither secret nor token', () => {
    expect(nameOf({ ...request, body: 'subject_token=secret' })).toMatch(/^[\w-]{43}$/);
  });
});

describe('a request that was answered before', () => {
  function setUp(method: string, repeat: Repeat) {
    const authenticated: number[] = [];
    const endpoint = createTokenEndpoint({
      authenticate: async () => {
        authenticated.push(1);
        return client(method);
      },
      grants: {
        'token-exchange': async () => ({}),
        'jwt-bearer': async () => ({}),
        client_credentials: async (_form, { repeatable }) => {
          repeatable?.(repeat);
          return { from: 'the long way' };
        },
      },
      repeats: createRepeats(),
    });
    return { endpoint, authenticated };
  }

  it('is answered in short, and in full when that has no answer any more', async () => {
    let short: Record<string, unknown> | undefined = { from: 'memory' };
    const { endpoint, authenticated } = setUp('client_secret', () => short);
    const { answer, keep } = createRepeats();
    keep('name', client('client_secret'), () => short);
    expect([answer('name'), answer('other'), answer(undefined)]).toEqual([short, undefined, undefined]);
    expect(await endpoint(request)).toEqual({ from: 'the long way' });
    expect(await endpoint(request)).toEqual({ from: 'memory' });
    expect(authenticated).toHaveLength(1);
    short = undefined;
    expect(await endpoint(request)).toEqual({ from: 'the long way' });
    expect(authenticated).toHaveLength(2);
    expect(answer('name')).toBeUndefined();
    short = { from: 'memory' };
    expect(answer('name')).toBeUndefined();
  });

  it('is answered when what is kept was found, and in full when it was not', async () => {
    let kept: Repeated = { from: 'the cache' };
    const { endpoint, authenticated } = setUp('client_secret', async () => kept);
    expect(await endpoint(request)).toEqual({ from: 'the long way' });
    expect(await endpoint(request)).toEqual({ from: 'the cache' });
    kept = undefined;
    expect(await endpoint(request)).toEqual({ from: 'the long way' });
    expect(authenticated).toHaveLength(2);
  });

  it('is forgotten when more than the bound came after it', async () => {
    const { answer, keep } = createRepeats(2);
    for (const name of ['a', 'b', 'c']) keep(name, client('client_secret'), () => ({ name }));
    expect([answer('a'), answer('b'), answer('c')]).toEqual([undefined, { name: 'b' }, { name: 'c' }]);
  });

  it('is not forgotten for what was remembered of it meanwhile', async () => {
    const { answer, keep } = createRepeats();
    const read = Promise.withResolvers<Repeated>();
    keep('name', client('client_secret'), () => read.promise);
    const old = answer('name');
    keep('name', client('client_secret'), () => ({ from: 'memory' }));
    read.resolve(undefined);
    expect([await old, answer('name')]).toEqual([undefined, { from: 'memory' }]);
  });

  it.each(['private_key_jwt', 'tls_client_auth', 'kubernetes', 'spiffe'])(
    verifies('tb:client-auth', 'is authenticated each time where the client proves itself by %s'),
    async (method) => {
      const { endpoint, authenticated } = setUp(method, () => ({ from: 'memory' }));
      for (let n = 0; n < 3; n++) expect(await endpoint(request)).toEqual({ from: 'the long way' });
      expect(authenticated).toHaveLength(3);
    },
  );
});

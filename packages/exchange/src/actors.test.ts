import type { Grant } from '@mcp-obo/grant';
import { verifies } from '@mcp-obo/testbed/verifies';
import { describe, expect, it } from 'vitest';
import { createBench, request, resource } from '../test/setup.ts';
import { type ActingParty, actorOf, checkActor } from './actors.ts';

const issuer = 'https://idp.example';
const name = 'https://mcp.example/mcp';
const server = {
  issuer,
  subject: name,
  is: (iss: unknown, sub: unknown) => iss === issuer && sub === name,
  depth: 0,
} as const satisfies ActingParty & Pick<Grant, 'issuer' | 'subject'>;

function subject(over: Partial<Grant> = {}): Grant {
  return {
    issuer: 'https://idp.example',
    tenant: 'acme',
    profile: 'generic',
    subject: 'alice',
    client: 'app',
    tokenId: 't1',
    scopes: [],
    roles: [],
    groups: [],
    groupsOverage: false,
    audience: [],
    issuedAt: 0,
    expiresAt: 300,
    amr: [],
    tokenHash: 'hash',
    claims: {},
    ...over,
  };
}

function reasonOf(work: () => void): string | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    return (error as { reason: string }).reason;
  }
}

describe('the actor', () => {
  it.each([
    ['no may_act: policy decides', {}, undefined],
    ['the same sub, the issuer understood', { sub: server.subject }, undefined],
    ['the same iss and sub', { iss: server.issuer, sub: server.subject }, undefined],
    ['another sub', { sub: 'https://other.example/mcp' }, 'may_act'],
    ['another iss', { iss: 'https://evil.example', sub: server.subject }, 'may_act'],
    ['no sub', { iss: server.issuer }, 'may_act'],
    ['a list', [server.subject], 'may_act'],
    ['a string', server.subject, 'may_act'],
    ['null', null, 'may_act'],
  ])(
    verifies('tb:may-act', 'is held against may_act by iss and sub (RFC 8693 §4.4): %s'),
    (name, mayAct, reason) => {
      const claims = name.startsWith('no may_act') ? {} : { may_act: mayAct };
      expect(reasonOf(() => checkActor(subject({ claims }), server, 5))).toBe(reason);
    },
  );

  it(verifies('tb:may-act', 'X18: cannot be the subject itself'), () => {
    expect(reasonOf(() => checkActor(subject({ subject: server.subject }), server, 5))).toBe(
      'actor_is_subject',
    );
    expect(
      reasonOf(() =>
        checkActor(subject({ subject: server.subject, issuer: 'https://b.example' }), server, 5),
      ),
    ).toBe(undefined);
  });

  it(verifies('tb:may-act', 'X18: cannot be the user of the subject, under another name either'), () => {
    const user = { issuer: 'https://idp.example', key: 'alice' };
    const actor = actorOf(subject({ issuer: 'https://broker.example/acme', subject: 'opaque', user }));
    expect(reasonOf(() => checkActor(subject({ user }), actor, 5))).toBe('actor_is_subject');
    const bob = actorOf(subject({ subject: 'bob', user: { ...user, key: 'bob' } }));
    expect(reasonOf(() => checkActor(subject({ user }), bob, 5))).toBe(undefined);
  });

  it.each([
    [3, 0, undefined],
    [4, 0, undefined],
    [5, 0, 'actor_depth'],
    [3, 1, undefined],
    [3, 2, 'actor_depth'],
  ])(
    verifies('tb:may-act', 'X18: makes a chain of at most five: %i before it, %i behind it'),
    (before, own, reason) => {
      const act = chain(before);
      expect(reasonOf(() => checkActor(subject({ act }), { ...server, depth: own }, 5))).toBe(reason);
    },
  );

  it(
    verifies('tb:may-act', 'counts alone: nobody deeper in the chain gives it the right (RFC 8693 §4.1)'),
    () => {
      const act = { sub: 'https://other.example/mcp', act: { sub: server.subject } };
      const claims = { may_act: { sub: 'https://other.example/mcp' } };
      expect(reasonOf(() => checkActor(subject({ act, claims }), server, 5))).toBe('may_act');
    },
  );

  it(verifies('tb:may-act', 'is the authenticated client when no actor token is shown'), async () => {
    const bench = createBench();
    const allowed = await bench.subject({ may_act: { sub: resource } });
    const other = await bench.subject({ may_act: { sub: 'somebody-else' } });
    expect((await bench.engine.exchange(request(allowed))).source).toBe('exchange');
    await expect(bench.engine.exchange(request(other))).rejects.toMatchObject({
      code: 'invalid_request',
      reason: 'may_act',
    });
    expect(bench.acme.requests).toHaveLength(1);
  });

  it(
    verifies('tb:may-act', 'is the one of the actor token when there is one, and is shown upstream'),
    async () => {
      const bench = createBench();
      const subjectOf = await bench.subject({ may_act: { sub: 'agent-7' } });
      const { grant, subjectToken: token } = await bench.subject({ sub: 'agent-7' });
      await bench.engine.exchange(request(subjectOf, { actor: { grant, token } }));
      expect(bench.acme.requests[0]?.form.get('actor_token')).toBe(token);
      const issued = bench.events.find(({ type }) => type === 'issued');
      expect(issued).toMatchObject({ context: { act: { sub: 'agent-7', iss: bench.acme.issuer.issuer } } });
      expect(bench.acme.requests[0]?.form.get('actor_token_type')).toBe(
        'urn:ietf:params:oauth:token-type:access_token',
      );
    },
  );
});

function chain(length: number): { sub: string; act?: { sub: string } } | undefined {
  return length === 0 ? undefined : { sub: `agent-${length}`, act: chain(length - 1) };
}

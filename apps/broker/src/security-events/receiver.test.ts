import { createMemoryCache } from '@mcp-obo/exchange';
import { OAuthError } from '@mcp-obo/oauth-error';
import type { Revocation } from '@mcp-obo/revocation';
import { verifies } from '@mcp-obo/testbed/verifies';
import { describe, expect, it } from 'vitest';
import { createHandledEvents } from './handled-events.ts';
import { createReceiver } from './receiver.ts';

const issuer = 'https://idp.example';
const noon = 1_795_262_400;
const ends = ['session-1', 'session-2'].map((id): Revocation => ({ kind: 'session', issuer, id }));
const delivery = { transmitters: new Set([issuer]) };

/** A receiver of one token, what it revoked and told, and which step fails. */
function setUp(cache = createMemoryCache({ now: () => noon * 1000 })) {
  const did: string[] = [];
  const failing = new Set<string>();
  const step = async (name: string) => {
    if (failing.has(name)) throw new OAuthError('temporarily_unavailable', 'It is away.', { reason: name });
    did.push(name);
  };
  const receive = createReceiver({
    validate: async () => ({
      issuer,
      transmitter: issuer,
      tokenId: 'event-1',
      issuedAt: noon,
      events: [{ name: 'session-revoked', ends }],
    }),
    handled: createHandledEvents(cache),
    revoke: ({ id }) => step(id),
    observer: {
      acted: () => void did.push('acted'),
      repeated: () => void did.push('repeated'),
      refused: () => void did.push('refused'),
    },
    recorded: () => step('recorded'),
  });
  return { receive, did, failing };
}

describe('a security event', () => {
  it('is acted on, told and recorded, in this order, before it is taken', async () => {
    const { receive, did } = setUp();
    await receive('token', delivery);
    expect(did).toEqual(['session-1', 'session-2', 'acted', 'recorded']);
  });

  it.each(['session-1', 'session-2', 'recorded'])(
    verifies('tb:revocation', 'is acted on again, as a whole, when it comes again after %s failed'),
    async (name) => {
      const { receive, did, failing } = setUp();
      failing.add(name);
      await expect(receive('token', delivery)).rejects.toMatchObject({ reason: name, status: 503 });
      expect(did.at(-1)).toBe('refused');
      failing.delete(name);
      const before = did.length;
      await receive('token', delivery);
      expect(did.slice(before)).toEqual(['session-1', 'session-2', 'acted', 'recorded']);
    },
  );

  it(verifies('tb:revocation', 'that another replica has acted on has no effect, and is taken'), async () => {
    const cache = createMemoryCache({ now: () => noon * 1000 });
    await setUp(cache).receive('token', delivery);
    const { receive, did } = setUp(cache);
    await receive('token', delivery);
    expect(did).toEqual(['repeated']);
  });
});

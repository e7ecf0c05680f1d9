import { createTestIssuer } from '@mcp-obo/testbed/issuer';
import { createSecurityEventValidator, type SecurityEventIssuer } from '../src/security-event-token.ts';
import { createClock, issuerConfig, noon } from './platform.ts';

export const issuer = 'https://idp.example';
export const stream = 'https://broker.example';
export const caep = 'https://schemas.openid.net/secevent/caep/event-type/';
export const risc = 'https://schemas.openid.net/secevent/risc/event-type/';
export const alice = { format: 'iss_sub', iss: issuer, sub: 'alice' };
export const session = { format: 'opaque', id: 'session-1' };
export const aliceInSession = { format: 'complex', user: alice, session };
export const right = {
  aud: stream,
  jti: 'event-1',
  iat: noon,
  sub_id: aliceInSession,
  events: { [`${caep}session-revoked`]: { event_timestamp: noon - 60 } },
  // An access token's, which a security event does not have.
  exp: undefined,
  sub: undefined,
  client_id: undefined,
  scope: undefined,
};
export const header = { typ: 'secevent+jwt' };

/** A validator of security events, and how it ends for a token with these changes. */
export function setUp(config: Partial<SecurityEventIssuer> = {}) {
  const clock = createClock();
  const idp = createTestIssuer({ issuer, alg: 'ES256', now: clock.now });
  const issuers = [{ ...issuerConfig(idp), audiences: [stream], ...config }];
  const { validate } = createSecurityEventValidator({ issuers, now: clock.now, fetch: idp.fetch });
  const outcome = (token: string) =>
    validate(token).catch(({ status, reason }) => `${status} ${reason}` as never);
  const mint = (claims: object = {}, changes: Readonly<Record<string, unknown>> = {}) =>
    idp.mint({ ...right, ...claims }, { header: { ...header, ...changes } });
  const send = async (claims: object = {}, changes: Readonly<Record<string, unknown>> = {}) =>
    outcome(await mint(claims, changes));
  return {
    idp,
    clock,
    outcome,
    mint,
    send,
    /** What the events of a token end. */
    ended: async (claims: object) => (await send(claims)).events.flatMap(({ ends }) => ends),
    /** What one event about somebody ends, or why it is refused. */
    endedBy: async (type: string, event: object, sub_id: unknown = alice) => {
      const answer = await send({ sub_id, events: { [type]: event } });
      return typeof answer === 'string' ? answer : answer.events.flatMap(({ ends }) => ends);
    },
  };
}

export const before = (noon - 60) * 1000;
export const atAlice = { kind: 'user', issuer, id: 'alice', at: noon * 1000 };

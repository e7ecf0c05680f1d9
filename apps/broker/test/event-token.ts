import type { TestIssuer } from '@mcp-obo/testbed/issuer';

export const caep = 'https://schemas.openid.net/secevent/caep/event-type/';
export const risc = 'https://schemas.openid.net/secevent/risc/event-type/';

/** `aud` of the streams for the broker of the tests. */
export const stream = 'https://broker.example';

let events = 0;

/** A security event token of an issuer about alice's first session, with these changes. */
export function eventToken(
  { issuer, mint }: Pick<TestIssuer, 'issuer' | 'mint'>,
  claims: object = {},
  header: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  const user = { format: 'iss_sub', iss: 'https://idp.example/acme', sub: 'user-alice' };
  return mint(
    {
      iss: issuer,
      aud: stream,
      jti: `event-${++events}`,
      sub_id: { format: 'complex', user, session: { format: 'opaque', id: 'session-1' } },
      events: { [`${caep}session-revoked`]: {} },
      sub: undefined,
      exp: undefined,
      client_id: undefined,
      scope: undefined,
      ...claims,
    },
    { header: { typ: 'secevent+jwt', ...header } },
  );
}

import { createFixture, type FixtureOptions, notOfIssuer } from './fixture.ts';

/** A broker, the tokens of some logins, and what they still bring. */
export async function createLoggedIn(options: FixtureOptions = {}) {
  const fixture = await createFixture(options);
  const { exchange, subject, audit } = fixture;
  return {
    ...fixture,
    alice: await subject({ sid: 'session-1' }),
    aliceElsewhere: await subject({ sid: 'session-2' }),
    bob: await subject({ sub: 'bob', sid: 'session-3' }),
    /** `issued`, or why it is refused. */
    exchanged: async (subject_token: string) => {
      const body = (await exchange({ subject_token })).json();
      return body.access_token === undefined ? `${body.error} ${body.suberror}` : 'issued';
    },
    lastRecord: () => JSON.parse(audit.findLast(notOfIssuer) ?? '{}'),
  };
}

/** What a token that has ended is refused with. */
export const ended = 'invalid_request subject_refused';

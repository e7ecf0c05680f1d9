import type { Mutant } from '../mutant.ts';

const idJag = 'packages/exchange/src/upstream/id-jag';

/** Rules about identity assertions for other domains (tb). */
export const identityAssertion: readonly Mutant[] = [
  {
    name: 'identity-assertion-for-another-client',
    breaks: ['tb:upstream-idjag'],
    file: `${idJag}/assertion-check.ts`,
    find: "throw refused('assertion_client');",
    replace: "void refused('assertion_client');",
  },
  {
    name: 'identity-assertion-about-somebody-else',
    breaks: ['tb:upstream-idjag'],
    file: `${idJag}/assertion-check.ts`,
    find: "throw refused('assertion_user');",
    replace: "void refused('assertion_user');",
  },
  {
    name: 'any-token-is-an-identity-assertion',
    breaks: ['tb:upstream-idjag'],
    file: `${idJag}/assertion-check.ts`,
    find: "typ: ['oauth-id-jag+jwt'],",
    replace: "typ: ['oauth-id-jag+jwt', 'at+jwt', 'jwt', ''],",
  },
];

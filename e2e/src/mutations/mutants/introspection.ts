import type { Mutant } from '../mutant.ts';

const validator = 'packages/validator/src';

/** Rules about tokens that their issuer is asked about (rs). */
export const introspection: readonly Mutant[] = [
  {
    name: 'active-by-word',
    breaks: ['rs:introspection'],
    file: `${validator}/introspection.ts`,
    find: 'return answer.active === true ? answer : undefined;',
    replace: "return answer.active === true || answer.active === 'true' ? answer : undefined;",
  },
  {
    name: 'answer-kept-beyond-the-end',
    breaks: ['rs:introspection'],
    file: `${validator}/introspection.ts`,
    find: 'until: Math.min(startedAt + maxAge, end)',
    replace: 'until: Math.max(startedAt + maxAge, end)',
  },
  {
    name: 'answer-about-another-issuer',
    breaks: ['rs:introspection'],
    file: `${validator}/opaque-token.ts`,
    find: "if (iss !== issuer.issuer) throw refusal('issuer', 'introspection');",
    replace: '',
  },
  {
    name: 'verified-and-ended-all-the-same',
    breaks: ['rs:introspection'],
    file: `${validator}/validator.ts`,
    find: "if ((await introspector.ask(token, grant.tokenHash, anew)) === undefined) throw refusal('inactive');",
    replace: 'await introspector.ask(token, grant.tokenHash, anew);',
  },
];

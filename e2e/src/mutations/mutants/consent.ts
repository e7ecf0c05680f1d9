import type { Mutant } from '../mutant.ts';

const interaction = 'packages/mcp/src/interaction';
const attacks = [{ workspace: 'e2e', files: ['tests/consent/attacks.test.ts'] }];

const stepUp = [{ workspace: 'packages/mcp', files: ['src/interaction/step-up.test.ts'] }];
const approval = [{ workspace: 'apps/mcp-server', files: ['src/approval.test.ts'] }];

/** Rules about asking the user: at the identity provider (tb), and for approval (sc). */
export const consent: readonly Mutant[] = [
  {
    name: 'any-browser-completes',
    breaks: ['tb:consent'],
    file: `${interaction}/browser-cookie.ts`,
    find: 'return cookie !== undefined && timingSafeEqual(shown, Buffer.from(browser));',
    replace: 'return cookie === undefined || shown.length === browser.length;',
    tests: attacks,
  },
  {
    name: 'link-used-twice',
    breaks: ['tb:consent'],
    file: `${interaction}/interaction-records.ts`,
    find: "const record = await read<InteractionRecord>('link', link, 'take');",
    replace: "const record = await read<InteractionRecord>('link', link, 'get');",
    tests: attacks,
  },
  {
    name: 'callback-used-twice',
    breaks: ['tb:consent'],
    file: `${interaction}/interaction-records.ts`,
    find: "finish: (state) => read<StartedInteraction>('state', state, 'take'),",
    replace: "finish: (state) => read<StartedInteraction>('state', state, 'get'),",
    tests: attacks,
  },
  {
    name: 'outcome-for-anybody',
    breaks: ['tb:consent'],
    file: `${interaction}/interaction-records.ts`,
    find: 'return owner === ownerOf(user, client) ? (outcome as InteractionOutcome) : undefined;',
    replace:
      'return owner === undefined || client === undefined ? undefined : (outcome as InteractionOutcome);',
    tests: attacks,
  },
  {
    name: 'link-readable-in-the-store',
    breaks: ['tb:consent'],
    file: `${interaction}/sealed-record.ts`,
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is a piece of source.
    find: "hash('sha256', `${kind} ${secret}`, 'base64url')",
    replace: 'secret',
  },
  {
    name: 'id-token-of-anybody',
    breaks: ['tb:consent'],
    file: 'packages/exchange/src/interaction/user-login.ts',
    find: 'enableNonRepudiationChecks(configuration);',
    replace: '',
    tests: attacks,
  },
  {
    name: 'approval-of-other-arguments',
    breaks: ['sc:approval'],
    file: 'packages/mcp/src/approval/approval-answers.ts',
    find: 'canonical([who, client, kind, name, args])',
    replace: 'canonical([who, client, kind, name])',
    tests: approval,
  },
  {
    name: 'approval-used-twice',
    breaks: ['sc:approval'],
    file: 'packages/mcp/src/approval/approvals.ts',
    find: "await store.take(recordKey('approval', state))",
    replace: "await store.get(recordKey('approval', state))",
    tests: approval,
  },
  {
    name: 'approval-by-link-used-twice',
    breaks: ['sc:approval'],
    file: 'packages/mcp/src/approval/approval-answers.ts',
    find: '((await store.take(',
    replace: '((await store.get(',
    tests: [{ workspace: 'e2e', files: ['tests/consent/approval.test.ts'] }],
  },
  {
    name: 'login-by-link-in-every-tier',
    breaks: ['sc:step-up'],
    file: 'packages/scopes/src/login.ts',
    find: 'const byLink = demands.every(({ loginByLink }) => loginByLink !== false);',
    replace: 'const byLink = demands.length > 0;',
  },
  {
    name: 'weak-login-kept',
    breaks: ['sc:step-up'],
    file: `${interaction}/login-verdict.ts`,
    find: 'if (shortfall === undefined) return undefined;',
    replace: 'if (shortfall !== login) return undefined;',
    tests: stepUp,
  },
  {
    name: 'proven-login-for-every-session',
    breaks: ['sc:step-up'],
    file: 'packages/mcp/src/approval/approval-answers.ts',
    find: 'canonical([issuer, who, client, within, about])',
    replace: 'canonical([issuer, who, client, within.length, about])',
    tests: stepUp,
  },
];

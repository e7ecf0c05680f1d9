import type { Mutant } from '../mutant.ts';

const interaction = 'packages/mcp/src/interaction';
const attacks = [{ workspace: 'e2e', files: ['tests/consent/attacks.test.ts'] }];

const approval = [{ workspace: 'apps/mcp-server', files: ['src/approval.test.ts'] }];

/** Rules about asking the user: at the identity provider (tb), and for approval (sc). */
export const consent: readonly Mutant[] = [
  {
    name: 'any-browser-completes',
    breaks: ['tb:consent'],
    file: `${interaction}/interaction-pages.ts`,
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
    file: 'packages/mcp/src/approval/approvals.ts',
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
];

import type { Mutant } from '../mutant.ts';

const mint = 'packages/exchange/src/upstream/mint';

/** Rules about tokens that the broker signs itself (tb). */
export const minting: readonly Mutant[] = [
  {
    name: 'minted-token-outlives-its-subject',
    breaks: ['tb:mint'],
    file: `${mint}/mint.ts`,
    find: 'sign(Math.min(request.notAfter, request.subject.expiresAt), (frame) =>',
    replace: 'sign(Number.POSITIVE_INFINITY, (frame) =>',
  },
  {
    name: 'bound-subject-becomes-a-bearer',
    breaks: ['tb:mint'],
    file: `${mint}/mint-claims.ts`,
    find: 'if (user === undefined || subject.cnf !== undefined) {',
    replace: 'if (user === undefined) {',
  },
  {
    name: 'allowed-tools-left-behind',
    breaks: ['tb:mint'],
    file: `${mint}/mint-claims.ts`,
    find: '      mcp_allowed_tools: subject.allowedTools,\n',
    replace: '',
  },
  {
    name: 'key-signs-before-it-is-known',
    breaks: ['tb:mint'],
    file: `${mint}/mint-key-ring.ts`,
    find: 'const known = ring.find(({ since }) => since + lead <= now());',
    replace: 'const known = ring[0];',
  },
  {
    name: 'earlier-actors-forgotten',
    breaks: ['tb:sub-agent'],
    file: `${mint}/mint-claims.ts`,
    find: 'act: nested([actingParty(by, request), ...actorsBefore(request)]),',
    replace: 'act: nested([actingParty(by, request), ...actorsBefore(request).slice(0, 0)]),',
  },
  {
    name: 'sub-agent-widens-its-token',
    breaks: ['tb:sub-agent'],
    file: 'packages/exchange/src/policy.ts',
    find: '(within === undefined || lattice.covers(within, [scope]))',
    replace: '(within === undefined || lattice.covers([scope], [scope]))',
  },
];

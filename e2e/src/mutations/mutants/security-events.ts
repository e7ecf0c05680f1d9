import type { Mutant } from '../mutant.ts';

const validator = 'packages/validator/src';
const broker = 'apps/broker/src/security-events';

/** Rules about what transmitters tell (tb). */
export const securityEvents: readonly Mutant[] = [
  {
    name: 'event-ends-what-came-later',
    breaks: ['tb:revocation'],
    file: 'packages/revocation/src/revocation.ts',
    find: 'const before = at === undefined ?',
    replace: 'const before = at === undefined || at <= now ?',
  },
  {
    name: 'event-that-could-be-an-access-token',
    breaks: ['tb:revocation'],
    file: `${validator}/security-event-token.ts`,
    find: "throw refusal('event_claims', name);",
    replace: "void refusal('event_claims', name);",
  },
  {
    name: 'event-about-users-of-anybody',
    breaks: ['tb:revocation'],
    file: `${validator}/event-subject.ts`,
    find: 'const known = iss === issuer.issuer || iss === issuer.transmitter;',
    replace: "const known = typeof iss === 'string' || iss === issuer.transmitter;",
  },
  {
    name: 'event-that-names-nobody-is-taken',
    breaks: ['tb:revocation'],
    file: `${validator}/event-subject.ts`,
    find: "if (found.sessions.length + found.users.length === 0) throw refusal('event_subject');",
    replace: '',
  },
  {
    name: 'event-remembered-before-it-is-done',
    breaks: ['tb:revocation'],
    file: `${broker}/receiver.ts`,
    find: '  async function act(received: SecurityEventToken): Promise<void> {',
    replace:
      '  async function act(received: SecurityEventToken): Promise<void> {\n    await handled.add(received);',
  },
  {
    name: 'transmitter-pushes-by-the-secret-of-another',
    breaks: ['tb:revocation'],
    file: `${broker}/receiver.ts`,
    find: 'if (!delivery.transmitters.has(transmitter))',
    replace: 'if (delivery.transmitters.size === 0)',
  },
  {
    name: 'event-acknowledged-and-not-acted-on',
    breaks: ['tb:revocation'],
    file: `${broker}/poller.ts`,
    find: 'missed ??= error;\n          continue;',
    replace: 'untold = { ...untold, ack: [...untold.ack, tokenId] };\n          continue;',
  },
];

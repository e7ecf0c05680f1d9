import type { Mutant } from '../mutant.ts';

const list = 'packages/revocation/src';
const broker = 'apps/broker/src/revocation';

/** Rules about what ends before its time (rs, tb). */
export const revocation: readonly Mutant[] = [
  {
    name: 'revoked-token-taken',
    breaks: ['rs:revoked'],
    file: 'packages/validator/src/validator.ts',
    find: "if (revocations.isRevoked(grant)) throw refusal('revoked');",
    replace: "if (!witness.cached && revocations.isRevoked(grant)) throw refusal('revoked');",
  },
  {
    name: 'only-token-ids-are-revoked',
    breaks: ['rs:revoked'],
    file: `${list}/known-revocations.ts`,
    find: 'return subjectKeys(grant).some(',
    replace: 'return subjectKeys(grant).slice(0, 1).some(',
  },
  {
    name: 'oldest-revocation-forgotten',
    breaks: ['rs:revoked'],
    file: `${list}/known-revocations.ts`,
    find: 'issuedAfter = Math.max(issuedAfter, before);',
    replace: '',
  },
  {
    name: 'verified-tokens-while-blind',
    breaks: ['rs:revocation-view'],
    file: 'packages/validator/src/validator.ts',
    find: 'const known = revocations.isFresh() ? cache?.get(hash, now() / 1000) : undefined;',
    replace: 'const known = cache?.get(hash, now() / 1000);',
  },
  {
    name: 'changes-while-blind',
    breaks: ['rs:revocation-view'],
    file: `${list}/outdated.ts`,
    find: 'if (readOnly && view.age() <= longestBlindness) return;',
    replace: 'if ((readOnly || !readOnly) && view.age() <= longestBlindness) return;',
  },
  {
    name: 'blind-for-ever',
    breaks: ['rs:revocation-view'],
    file: `${list}/outdated.ts`,
    find: 'if (readOnly && view.age() <= longestBlindness) return;',
    replace: 'if (readOnly) return;',
  },
  {
    name: 'empty-list-is-believed',
    breaks: ['rs:revocation-view'],
    file: `${list}/redis/redis-list.ts`,
    find: 'if (state.generationAge >= settleMs) {',
    replace: 'if (settleMs >= 0) {',
  },
  {
    name: 'reads-on-with-the-old-password',
    breaks: ['op:secrets'],
    file: `${list}/redis/redis-list.ts`,
    find: 'if (unconnected >= patience && !closing.signal.aborted) {',
    replace: 'if (unconnected >= 1_000_000 * patience) {',
  },
  {
    name: 'exchange-with-a-revoked-token',
    breaks: ['tb:revocation'],
    file: 'packages/exchange/src/engine.ts',
    find: 'revocations.isRevoked(grant) || (actor !== undefined && revocations.isRevoked(actor.grant));',
    replace: 'actor !== undefined && revocations.isRevoked(actor.grant);',
  },
  {
    name: 'given-out-though-revoked-meanwhile',
    breaks: ['tb:revocation'],
    file: 'packages/exchange/src/engine.ts',
    find: 'refuseRevoked(request);\n          return token;',
    replace: 'return token;',
  },
  {
    name: 'anybody-revokes',
    breaks: ['tb:revocation'],
    file: `${broker}/revocation-endpoints.ts`,
    find: 'if (!client.operator && !found.belongsTo(client)) throw notTheirs();',
    replace:
      'if (!client.operator && found.obtained !== undefined && !found.belongsTo(client)) throw notTheirs();',
  },
  {
    name: 'anybody-revokes-opaque-tokens',
    breaks: ['tb:revocation'],
    file: `${broker}/revocable-token.ts`,
    find: 'belongsTo: (one) => one.id === client,',
    replace: "belongsTo: (one) => one.id !== '',",
  },
  {
    name: 'later-logins-end-at-the-issuer-too',
    breaks: ['tb:revocation'],
    file: `${broker}/issuer-revocations.ts`,
    find: 'return subjectIssuedAt * 1000 <= before;',
    replace: 'return subjectIssuedAt <= before;',
  },
  {
    name: 'revokes-at-the-issuer-as-another-registration',
    breaks: ['tb:upstream-credential'],
    file: `${broker}/issuer-revocations.ts`,
    find: 'one.registration(client)?.clientId === registration,',
    replace: "one.registration(client)?.clientId !== '' && registration !== '',",
  },
  {
    name: 'issuer-hears-of-no-end',
    breaks: ['tb:revocation'],
    file: 'packages/exchange/src/fetch-token.ts',
    find: '...(obtained === undefined ? {} : { obtained }),',
    replace: '',
  },
  {
    name: 'client-revokes-everybody',
    breaks: ['tb:revocation'],
    file: `${broker}/revocation-endpoints.ts`,
    find: 'if (!client.operator) throw notAnOperator();',
    replace: '',
  },
  {
    name: 'obtained-tokens-live-on',
    breaks: ['tb:revocation'],
    file: `${broker}/revoker.ts`,
    find: 'if (tokens.length > 0) await list.revoke(tokens.map(endOf));',
    replace: 'if (tokens.length > 1_000_000) await list.revoke(tokens.map(endOf));',
  },
  {
    name: 'any-signed-token-ends-a-session',
    breaks: ['tb:revocation'],
    file: 'packages/validator/src/logout-token.ts',
    find: "throw refusal('logout_event');",
    replace: "void refusal('logout_event');",
  },
  {
    name: 'logout-token-with-a-nonce',
    breaks: ['tb:revocation'],
    file: 'packages/validator/src/logout-token.ts',
    find: "throw refusal('logout_nonce');",
    replace: "void refusal('logout_nonce');",
  },
];

import type { Mutant } from '../mutant.ts';

const observed = [{ workspace: 'e2e', files: ['tests/clients/observed.test.ts'] }];

/** Rules that only several processes together keep. */
export const acrossProcesses: readonly Mutant[] = [
  {
    name: 'token-in-a-log-line',
    breaks: ['op:redaction'],
    file: 'packages/mcp/src/guard.ts',
    find: 'subjectTokens.set(grant, credential.token);',
    replace:
      "subjectTokens.set(grant, credential.token);\n        options.log?.warn({ seen: credential.token.slice(-24) }, 'a token');",
    tests: [{ workspace: 'e2e', files: ['src/secret-scan/run.test.ts'] }],
  },
  {
    name: 'token-in-a-span',
    breaks: ['op:redaction'],
    file: 'packages/exchange/src/observer.ts',
    find: "span.setAttribute('mcp_obo.cache', cacheWord[source]);\n          emit(",
    replace: "span.setAttribute('mcp_obo.cache', token.accessToken.slice(-24));\n          emit(",
    tests: [{ workspace: 'e2e', files: ['src/secret-scan/run.test.ts'] }],
  },
  {
    name: 'trace-ends-at-the-mcp-server',
    breaks: ['op:traces'],
    file: 'apps/mcp-server/src/mcp-span.ts',
    find: 'const parent = extractTraceMeta(mcpReq._meta);',
    replace: 'const parent = extractTraceMeta({});',
    tests: observed,
  },
  {
    name: 'no-traceparent-between-the-parts',
    breaks: ['op:traces'],
    file: 'packages/telemetry/src/sdk.ts',
    find: 'new UndiciInstrumentation({ requireParentforSpans: true })',
    replace: 'new UndiciInstrumentation({ requireParentforSpans: true, enabled: false })',
    tests: [{ workspace: 'e2e', files: ['tests/trace/embedded.test.ts'] }],
  },
  {
    name: 'broker-skips-the-scope-check',
    breaks: ['tb:policy'],
    file: 'packages/exchange/src/policy.ts',
    find: 'if (scopes.length === 0 || !scopes.every((scope) => ceiling.includes(scope))) {',
    replace: 'if (scopes.length === 0) {',
    tests: [{ workspace: 'e2e', files: ['tests/attacks/exchange-policy.test.ts'] }],
  },
  {
    name: 'api-ignores-the-user',
    breaks: ['rs:user', 'rs:multi-issuer'],
    file: 'apps/downstream-api/src/store/visible-rows.ts',
    find: "employee: 'e.tenant = :tenant AND e.owner = :username',",
    replace: "employee: 'e.tenant = :tenant AND :username IS NOT NULL',",
    tests: [{ workspace: 'apps/downstream-api' }],
  },
  {
    name: 'api-ignores-the-tenant',
    breaks: ['rs:user', 'rs:multi-issuer'],
    file: 'apps/downstream-api/src/store/visible-rows.ts',
    find: "auditor: 'e.tenant = :tenant AND :username IS NOT NULL',",
    replace: "auditor: ':tenant IS NOT NULL AND :username IS NOT NULL',",
    tests: [{ workspace: 'apps/downstream-api' }],
  },
];

/**
 * What a scenario is expected to find: successes and nothing else; or, for this reason, these checks without
 * success, or no check at all.
 */
export type Expected = 'passes' | { readonly because: string; readonly checks: readonly string[] };

/** The suite demands tools, prompts and resources of its own (`test_…`), which a server in use does not have. */
const fixtures = 'asks for a tool, prompt or resource of the suite’s own example server';
const notOffered = (what: string) => `needs ${what}, which this server neither has nor announces`;
const noSessions =
  'sessions and streams that outlive a request are optional: this server is stateless in every era';

const missing = (...checks: string[]): Expected => ({ because: fixtures, checks });
const without = (what: string, ...checks: string[]): Expected => ({ because: notOffered(what), checks });

/** Scenarios of both revisions. */
const common: Readonly<Record<string, Expected>> = {
  'completion-complete': without('completion', 'completion-complete'),
  'dns-rebinding-protection': 'passes',
  'json-schema-2020-12': missing('json-schema-2020-12-tool-found'),
  'prompts-get-embedded-resource': missing('prompts-get-embedded-resource'),
  'prompts-get-simple': missing('prompts-get-simple'),
  'prompts-get-with-args': missing('prompts-get-with-args'),
  'prompts-get-with-image': missing('prompts-get-with-image'),
  'prompts-list': 'passes',
  'resources-list': 'passes',
  'resources-read-binary': missing('resources-read-binary'),
  'resources-read-text': missing('resources-read-text'),
  'resources-templates-read': missing('resources-templates-read'),
  'tools-call-audio': missing('tools-call-audio'),
  'tools-call-embedded-resource': missing('tools-call-embedded-resource'),
  'tools-call-error': missing('tools-call-error'),
  'tools-call-image': missing('tools-call-image'),
  'tools-call-mixed-content': missing('tools-call-mixed-content'),
  'tools-call-simple-text': missing('tools-call-simple-text'),
  'tools-call-with-progress': missing('tools-call-with-progress'),
  'tools-list': 'passes',
};

/**
 * The server scenarios that each revision requires (and those that the suite runs without scoring), as the
 * example server meets them through authorization. A change in either direction is a failing test.
 */
export const expectedOfServer: Readonly<Record<string, Readonly<Record<string, Expected>>>> = {
  '2025-11-25': {
    ...common,
    'elicitation-sep1034-defaults': missing('elicitation-sep1034-general'),
    'elicitation-sep1330-enums': missing('elicitation-sep1330-general'),
    'logging-set-level': without('logging', 'logging-set-level'),
    ping: 'passes',
    'resources-subscribe': without('resource subscriptions', 'resources-subscribe'),
    'resources-unsubscribe': without('resource subscriptions', 'resources-unsubscribe'),
    'server-initialize': 'passes',
    'server-session-lifecycle': { because: noSessions, checks: [] },
    'server-sse-multiple-streams': { because: noSessions, checks: ['server-sse-multiple-streams-session'] },
    'server-sse-polling': {
      because: noSessions,
      checks: ['server-sse-polling-session', 'server-sse-priming-event', 'server-sse-retry-field'],
    },
    'tools-call-elicitation': missing('tools-call-elicitation'),
    'tools-call-sampling': missing('tools-call-sampling'),
    'tools-call-with-logging': without('logging', 'tools-call-with-logging'),
  },
  '2026-07-28': {
    ...common,
    caching: {
      because: 'has no listed resource, only templates',
      checks: ['sep-2549-resources-read-caching-hints'],
    },
    'http-custom-header-server-validation': without(
      'a tool that mirrors arguments in headers',
      'sep-2243-server-no-xmcp-tool',
      'sep-2243-server-decode-base64',
      'sep-2243-server-validate-param-match',
      'sep-2243-server-reject-invalid-param-chars',
      'sep-2243-server-reject-param-mismatch',
    ),
    'http-header-validation': 'passes',
    'input-required-result-basic-elicitation': missing('sep-2322-elicitation-incomplete'),
    'input-required-result-basic-list-roots': missing('sep-2322-list-roots-incomplete'),
    'input-required-result-basic-sampling': missing('sep-2322-sampling-incomplete'),
    'input-required-result-capability-check': missing('sep-2322-respect-client-capabilities'),
    'input-required-result-ignore-extra-params': missing('sep-2322-ignore-unexpected-params'),
    'input-required-result-missing-input-response': missing('sep-2322-missing-response-rerequests'),
    'input-required-result-multi-round': missing('sep-2322-multi-round-r1'),
    'input-required-result-multiple-input-requests': missing('sep-2322-multiple-inputs-incomplete'),
    'input-required-result-non-tool-request': missing('sep-2322-non-tool-incomplete'),
    'input-required-result-request-state': missing('sep-2322-request-state-incomplete'),
    'input-required-result-result-type': missing('sep-2322-result-type-included'),
    'input-required-result-tampered-state': missing('sep-2322-reject-tampered-state'),
    'input-required-result-unsupported-methods': 'passes',
    'input-required-result-validate-input': 'passes',
    'sep-2164-resource-not-found': {
      because: 'an error does not repeat what a caller put in place of a name (a SHOULD of the revision)',
      checks: ['sep-2164-data-uri'],
    },
    'server-sse-multiple-streams': 'passes',
    'server-stateless': {
      because: `${fixtures}, and its lists do not change while it runs`,
      checks: [
        'sep-2575-server-rejects-undeclared-capability',
        'sep-2575-missing-capability-http-400',
        'sep-2575-http-server-no-independent-requests-on-stream',
        'sep-2575-server-no-log-without-loglevel',
        'sep-2575-server-sends-prompts-list-changed-on-subscription',
        'sep-2575-server-sends-tools-list-changed-on-subscription',
      ],
    },
    'tasks-capability-negotiation': without(
      'the tasks extension',
      'tasks-extension-advertised',
      'sep-2663-tasks-methods-non-declaring',
      'sep-2663-server-rejects-undeclared-client',
      'tasks-per-request-meta-opt-in',
    ),
    'tasks-dispatch-and-envelope': without(
      'the tasks extension',
      'tasks-server-directed-creation-no-hint',
      'sep-2663-legacy-task-param-ignored',
      'tasks-immediate-result-shortcut',
      'tasks-result-type-complete-on-non-task-responses',
      'sep-2663-durable-create-strong-consistency',
      'sep-2663-tasks-get-invalid-task-id-32602',
    ),
    'tasks-lifecycle': without(
      'the tasks extension',
      'tasks-sync-tool-call',
      'sep-2663-result-type-task-on-create',
      'sep-2663-tasks-get-status-working',
      'sep-2663-tasks-get-status-completed',
      'sep-2663-tool-error-uses-completed-status',
      'sep-2663-tasks-get-status-failed',
      'sep-2663-cancel-ack-empty-result',
      'tasks-cancel-terminal-idempotent-ack',
    ),
    'tasks-mrtr-composition': without(
      'the tasks extension',
      'sep-2663-mrtr-synchronous-before-task-creation',
    ),
    'tasks-mrtr-input': without(
      'the tasks extension',
      'sep-2663-tasks-get-status-input-required',
      'tasks-mrtr-tasks-update-resumes',
      'tasks-mrtr-partial-fulfillment',
    ),
    'tasks-request-headers': without(
      'the tasks extension',
      'tasks-headers-tolerate-mcp-method-on-tools-call',
      'sep-2663-routing-headers-accepted-on-tasks-get',
      'sep-2663-server-rejects-mismatched-mcp-name-on-tasks-get',
    ),
    'tasks-request-state-removal': without('the tasks extension', 'tasks-request-state-removal-setup'),
    'tasks-required-task-error': without(
      'the tasks extension',
      'sep-2663-server-returns-missing-capability-when-required',
    ),
    'tasks-status-notifications': {
      because: 'the suite skips it itself until it can observe the new channel',
      checks: ['tasks-status-notifications'],
    },
    'tasks-wire-fields': without(
      'the tasks extension',
      'tasks-wire-field-renames',
      'tasks-no-early-ttl-expiry',
      'tasks-no-related-task-meta-on-inlined-result',
    ),
  },
};

/** The login scenarios for clients of MCP 2026-07-28, as our client package meets them. */
export const expectedOfClient: Readonly<Record<string, Expected>> = {
  'auth/metadata-default': 'passes',
  'auth/metadata-var1': 'passes',
  'auth/metadata-var2': 'passes',
  'auth/metadata-var3': 'passes',
  'auth/basic-cimd': 'passes',
  'auth/scope-from-www-authenticate': 'passes',
  'auth/scope-from-scopes-supported': 'passes',
  'auth/scope-omitted-when-undefined': 'passes',
  'auth/scope-step-up': 'passes',
  'auth/scope-retry-limit': 'passes',
  'auth/token-endpoint-auth-basic': 'passes',
  'auth/token-endpoint-auth-post': 'passes',
  'auth/token-endpoint-auth-none': 'passes',
  'auth/pre-registration': {
    because:
      'has a server that does not decode the client id of Basic authentication, which RFC 6749 §2.3.1 has encoded',
    checks: ['pre-registration-auth'],
  },
  'auth/resource-mismatch': 'passes',
  'auth/offline-access-scope': 'passes',
  'auth/offline-access-not-supported': 'passes',
  'auth/authorization-server-migration': 'passes',
  'auth/iss-supported': 'passes',
  'auth/iss-not-advertised': 'passes',
  'auth/iss-supported-missing': 'passes',
  'auth/iss-wrong-issuer': 'passes',
  'auth/iss-unexpected': 'passes',
  'auth/iss-normalized': 'passes',
  'auth/metadata-issuer-mismatch': 'passes',
};

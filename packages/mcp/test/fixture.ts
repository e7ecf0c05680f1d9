import type { TokenExchange } from '@mcp-obo/exchange';
import type { OAuthError } from '@mcp-obo/oauth-error';
import { createTestIssuer } from '@mcp-obo/testbed/issuer';
import {
  type Catalogue,
  createCatalogueHandlers,
  createMcpGuard,
  type GuardEvent,
  type McpGuardOptions,
  requirementsOf,
  ToolFailure,
} from '../src/index.ts';

export const resource = 'https://mcp.example/mcp';
export const issuerUrl = 'https://idp.example';

/** A server with one tool for each kind of answer, and an issuer that mints tokens for it. */
export function createFixture(overrides: Partial<McpGuardOptions> = {}) {
  const issuer = createTestIssuer({ issuer: issuerUrl });
  const events: GuardEvent[] = [];
  const exchanged: { subjectToken?: string; target: string; scopes: readonly string[] }[] = [];
  let failure: OAuthError | undefined;
  const token = {
    accessToken: 'downstream',
    tokenType: 'Bearer',
    expiresAt: 0,
    scopes: [],
    source: 'exchange',
  } as const;
  const exchange: TokenExchange = {
    onBehalfOf: async (request) => {
      exchanged.push(request);
      // As over a network: the answer is not there in the same turn.
      await new Promise((resolve) => setImmediate(resolve));
      if (failure !== undefined) throw failure;
      return token;
    },
    forMachine: async (request) => {
      exchanged.push(request);
      return token;
    },
    close: async () => undefined,
  };
  const catalogue = testCatalogue();
  const guard = createMcpGuard({
    resource,
    issuers: [{ tenant: 'acme', issuer: issuerUrl, profile: 'generic', audiences: [resource] }],
    requirements: requirementsOf(catalogue),
    firstScopes: ['mcp:tools:execute', 'expenses:read'],
    roles: { roles: { manager: ['approve'] } },
    exchange,
    observe: (event) => events.push(event),
    fetch: issuer.fetch as typeof globalThis.fetch,
    ...overrides,
  });
  return {
    issuer,
    guard,
    events,
    exchanged,
    catalogue,
    handlers: createCatalogueHandlers(guard, catalogue),
    failExchange: (error: OAuthError | undefined) => {
      failure = error;
    },
  };
}

const schema = { type: 'object', properties: {}, additionalProperties: true } as const;

function testCatalogue(): Catalogue {
  const tool = (name: string, scopes: readonly string[], more: object = {}) => ({
    title: name,
    description: name,
    inputSchema: schema,
    requirement: {
      kind: 'tool',
      name,
      base: 'mcp:tools:execute',
      scopes,
      tier: 'read-only',
      ...more,
    } as const,
    parse: (args: unknown) => args as { amount?: number },
  });
  return {
    tools: [
      {
        ...tool('read', ['expenses:read']),
        handle: async (_args, { grant }) => text(`hello ${grant.subject}`),
      },
      { ...tool('write', ['expenses:write'], { tier: 'read-write' }), handle: () => text('written') },
      { ...tool('approve', ['expenses:read'], { permissions: ['approve'] }), handle: () => text('approved') },
      {
        ...tool('call_api', ['expenses:read'], { callers: 'both' }),
        handle: async (_args, { downstreamToken }) =>
          text(await downstreamToken('expenses-api', ['api:expenses.read'])),
      },
      {
        ...tool('limited', ['expenses:read'], {
          forArguments: (args: { amount?: number }) =>
            (args.amount ?? 0) > 100 ? { scopes: ['expenses:large'] } : undefined,
        }),
        handle: () => text('within the limit'),
      },
      {
        ...tool('broken', ['expenses:read']),
        handle: () => {
          throw new ToolFailure('There is no such expense.', { reason: 'not_found' });
        },
      },
    ],
    resources: [
      {
        title: 'Note',
        description: 'A note',
        mimeType: 'text/plain',
        requirement: {
          kind: 'resource',
          name: 'note://{id}',
          base: 'mcp:resources',
          scopes: [],
          tier: 'read-only',
        },
        read: async ({ id = '' }) => `note ${id}`,
      },
    ],
    prompts: [
      {
        title: 'Review',
        description: 'A review',
        arguments: [],
        requirement: { kind: 'prompt', name: 'review', base: 'mcp:prompts', scopes: [], tier: 'read-only' },
        get: () => 'Review this.',
      },
    ],
  };
}

function text(value: string) {
  return { content: [{ type: 'text' as const, text: value }] };
}

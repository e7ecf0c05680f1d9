import { authorizationServerMetadataUrls, protectedResourceMetadataUrl } from '@mcp-obo/metadata';
import { expectThat, type Step } from '../step.ts';
import { claimLines, claimsOf } from '../token-view.ts';

/** A client that knows a URL: refused, told where to go, and logged in. */
export const arrival: readonly Step[] = [
  {
    name: 'refused-without-token',
    title: 'A tool call without a token is refused, and told where to log in',
    hop: 'mcp-server: challenge',
    play: async ({ platform }) => {
      const response = await fetch(platform.urls.mcp, {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
        body: JSON.stringify({
          jsonrpc: '2.0',
          id: 1,
          method: 'tools/call',
          params: { name: 'list_expenses', arguments: {} },
        }),
      });
      const header = response.headers.get('www-authenticate') ?? '';
      await response.body?.cancel();
      expectThat(response.status === 401, `expected 401 without a token, got ${response.status}`);
      expectThat(!header.includes('error='), 'the first challenge must not name an error');
      expectThat(
        header.includes(protectedResourceMetadataUrl(platform.urls.mcp)),
        'the challenge names no metadata',
      );
      return { lines: ['HTTP 401', `WWW-Authenticate: ${header}`], facts: { status: 401 } };
    },
  },
  {
    name: 'discovery',
    title: 'The client finds the identity provider',
    hop: 'mcp-server: metadata',
    play: async ({ platform }) => {
      const resource = await getJson(protectedResourceMetadataUrl(platform.urls.mcp));
      const [issuer] = resource.authorization_servers as string[];
      expectThat(resource.resource === platform.urls.mcp, 'the metadata is about another resource');
      expectThat(issuer !== undefined, 'the metadata names no authorization server');
      const [url = ''] = authorizationServerMetadataUrls(issuer);
      const server = await getJson(url);
      expectThat(
        server.issuer === issuer,
        'the authorization server has another name than it was found under',
      );
      return {
        lines: [
          `resource               ${resource.resource}`,
          `authorization servers  ${(resource.authorization_servers as string[]).join(', ')}`,
          `first scopes           ${(resource.scopes_supported as string[]).join(' ')}`,
          `authorization endpoint ${server.authorization_endpoint}`,
        ],
        facts: { resource: resource.resource, issuer },
      };
    },
  },
  {
    name: 'login',
    title: 'Alice registers her client, logs in on the page and consents (PKCE, resource)',
    hop: 'identity provider: login',
    play: async ({ person }) => {
      const alice = await person('alice');
      const status = await alice.session.status();
      const token = await alice.session.token();
      expectThat(token !== undefined && status !== undefined, 'no token after the login');
      return {
        lines: [
          `client     ${status.clientId}`,
          `pages      ${alice.pages().join(' → ')}`,
          `protocol   MCP ${alice.protocolVersion()}`,
          ...claimLines('her access token says', claimsOf(token)),
        ],
        facts: { scopes: status.scopes, protocolVersion: alice.protocolVersion() },
      };
    },
  },
  {
    name: 'list-tools',
    title: 'Alice sees the tools she may use, now or after a step-up',
    hop: 'mcp-server: list filter',
    play: async ({ person }) => {
      const tools = await (await person('alice')).tools();
      expectThat(tools.includes('list_expenses'), 'list_expenses is missing');
      expectThat(tools.includes('submit_expense'), 'submit_expense needs a step-up only, and is missing');
      expectThat(!tools.includes('delete_expense'), 'an employee must not see delete_expense');
      return { lines: [tools.join(', ')], facts: { tools } };
    },
  },
];

async function getJson(url: string): Promise<Record<string, unknown>> {
  const response = await fetch(url);
  expectThat(response.ok, `${url} answers ${response.status}`);
  return (await response.json()) as Record<string, unknown>;
}

import { interactiveClient, tenants } from './domain.ts';
import type { Platform } from './platform.ts';

/** What is printed when everything is ready; both forms say the same. */
export interface Ready {
  readonly ready: true;
  readonly mcp: string;
  readonly broker: string;
  readonly downstream: string;
  /** Issuer of the first tenant. */
  readonly issuer: string;
  /** Identity provider and its version. */
  readonly idp: string;
  /** URL of the broker's Redis; null when it keeps its cache in memory. */
  readonly redis: string | null;
  readonly users: readonly {
    readonly username: string;
    readonly password: string;
    readonly roles: readonly string[];
    /** Where this user logs in. */
    readonly issuer: string;
  }[];
  readonly clients: readonly { readonly client_id: string; readonly redirect_uris: readonly string[] }[];
}

/** The facts a client or a person needs to use the platform. */
export function readyFacts({ urls, redis, idp }: Pick<Platform, 'urls' | 'redis' | 'idp'>): Ready {
  const { client_id, redirect_uris } = interactiveClient;
  return {
    ready: true,
    mcp: urls.mcp,
    broker: urls.broker,
    downstream: urls.downstream,
    issuer: urls.issuer,
    idp: `${idp.kind} ${idp.version}${idp.kind === 'keycloak' ? ` (${idp.engine})` : ''}`,
    redis: redis ?? null,
    users: tenants.flatMap(({ name, users }) =>
      users.map(({ username, password, roles }) => ({
        username,
        password,
        roles,
        issuer: urls.issuers[name],
      })),
    ),
    clients: [{ client_id, redirect_uris }],
  };
}

/** The same for a person. */
export function banner({ mcp, broker, downstream, users, clients, redis, idp }: Ready): string {
  const people = users.map(
    ({ username, password, roles, issuer }) =>
      `  ${username.padEnd(8)} ${password.padEnd(18)} ${roles.join(', ').padEnd(10)} ${issuer}`,
  );
  return `
The platform is up. Ctrl-C ends it and leaves nothing behind.

  MCP server      ${mcp}
  broker          ${broker}
  downstream API  ${downstream}
  identity        ${idp}
  cache           ${redis ?? 'in memory of the broker'}

  user     password           role       logs in at
${people.join('\n')}

Connect a client; it finds everything else from the URL and opens the login page:

  MCP Inspector   npx -y @modelcontextprotocol/inspector   then Streamable HTTP, ${mcp}
  Claude Code     claude mcp add --transport http expenses ${mcp}
  VS Code         code --add-mcp '{"name":"expenses","type":"http","url":"${mcp}"}'
  mcp-remote      npx -y mcp-remote ${mcp}   for clients that speak stdio only

A client that cannot register itself uses the client id ${clients.map(({ client_id }) => client_id).join(', ')} (no secret).${idp.startsWith('embedded') ? withoutInternet : ''}
`;
}

/** A client with a metadata document uses it where documents are announced, and does not try to register then. */
const withoutInternet = `
One that is known by a document on the internet (CIMD) cannot log in without it; then use: npm start -- --cimd off`;

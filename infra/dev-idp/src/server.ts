import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAdmin } from './admin.ts';
import type { DevIdpConfig } from './config.ts';
import { answerJson } from './json-answer.ts';
import type { Log } from './log.ts';
import { createOutboundFetch } from './outbound-fetch.ts';
import { createTenant, type Tenant, type TenantDeps } from './tenant.ts';
import { traced } from './traced.ts';

export interface DevIdpDeps {
  readonly log: Log;
  readonly now: () => number;
  readonly random: (bytes: number) => Buffer;
  readonly fetch: typeof fetch;
  /** PEM text of the authority that `trusted_ca_file` names. */
  readonly trustedCa?: string;
}

/** A development identity provider that listens. */
export interface DevIdp {
  readonly url: string;
  /** Issuer of each tenant, by name. */
  readonly issuers: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

const wellKnown = /^\/\.well-known\/(oauth-authorization-server|openid-configuration)\/([^/?]+)$/;

/**
 * Listens first, because the issuers hold the port; then builds the tenants and serves them. A request that comes
 * in between waits for its tenant.
 */
export async function startDevIdp(config: DevIdpConfig, deps: DevIdpDeps): Promise<DevIdp> {
  const server = createServer();
  const url = await listen(server, config);
  const outbound = createOutboundFetch({
    fetch: deps.fetch as Parameters<typeof createOutboundFetch>[0]['fetch'],
    ...(deps.trustedCa === undefined ? {} : { ca: deps.trustedCa }),
  });
  const building = buildTenants(url, config, { ...deps, fetch: outbound });
  const routing = building.then((tenants) => traced(createRouter(url, tenants, config.admin_token)));
  server.on('request', (request, response) => {
    routing
      .then((route) => route(request, response))
      .catch((error: unknown) => {
        deps.log.error({ event: 'request_failed', err: error }, 'request_failed');
        if (response.headersSent) response.destroy();
        else answerJson(response, 500, { error: 'server_error' });
      });
  });
  const tenants = await building.catch(async (error: unknown) => {
    server.close();
    // It fails for the same reason, and nobody may be waiting for it.
    await routing.catch(() => undefined);
    throw error;
  });
  const issuers = Object.fromEntries([...tenants].map(([name, { issuer }]) => [name, issuer]));
  return { url, issuers, close: () => close(server) };
}

async function buildTenants(
  url: string,
  config: DevIdpConfig,
  deps: Omit<TenantDeps, 'modulusLength' | 'documents' | 'opaqueResources'>,
): Promise<ReadonlyMap<string, Tenant>> {
  const options = {
    ...deps,
    modulusLength: config.modulus_length,
    documents: config.cimd,
    opaqueResources: config.opaque_resources,
  };
  const tenants = new Map<string, Tenant>();
  for (const tenant of config.tenants) tenants.set(tenant.name, await createTenant(url, tenant, options));
  return tenants;
}

function createRouter(url: string, tenants: ReadonlyMap<string, Tenant>, adminToken: string | undefined) {
  const { host } = new URL(url);
  const admin = createAdmin({ tenants, token: adminToken });
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    // Links and issuers are built for one host; any other name is DNS rebinding or a mistake.
    const requested = URL.parse(request.url ?? '/', url);
    if (request.headers.host !== host || (requested !== null && requested.host !== host))
      return answerJson(response, 421, { error: 'misdirected_request', error_description: `Use ${url}.` });
    if (requested === null) return answerJson(response, 400, { error: 'invalid_request' });
    const { pathname, search } = requested;
    if (pathname === '/health')
      return answerJson(response, 200, { status: 'ok', tenants: [...tenants.keys()] });
    if (pathname.startsWith('/dev/')) return admin(request, response);

    const [, document, named] = wellKnown.exec(pathname) ?? [];
    const [, first = ''] = pathname.split('/');
    const tenant = tenants.get(named ?? first);
    if (tenant === undefined) return answerJson(response, 404, { error: 'not_found' });
    const rest = named === undefined ? pathname.slice(first.length + 1) || '/' : `/.well-known/${document}`;
    Object.assign(request, { url: rest + search, baseUrl: `/${tenant.name}` });
    if (rest === '/reg' && allowBrowserRegistration(request, response)) return;
    await tenant.handle(request, response);
  };
}

/** Registration is open to browser clients; the library has CORS for all its endpoints but this. True when answered. */
function allowBrowserRegistration(request: IncomingMessage, response: ServerResponse): boolean {
  response.setHeader('access-control-allow-origin', '*');
  if (request.method !== 'OPTIONS') return false;
  response
    .writeHead(204, {
      'access-control-allow-methods': 'POST',
      'access-control-allow-headers': 'content-type, authorization, mcp-protocol-version',
      'access-control-max-age': '3600',
    })
    .end();
  return true;
}

async function listen(server: Server, { listen: { host, port } }: DevIdpConfig): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  const { port: actual } = server.address() as AddressInfo;
  return `http://${host.includes(':') ? `[${host}]` : host}:${actual}`;
}

function close(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.close((error) => (error === undefined ? resolve() : reject(error)));
    server.closeIdleConnections();
  });
}

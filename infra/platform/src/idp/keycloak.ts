import {
  type Keycloak,
  type KeycloakOptions,
  type RealmRepresentation,
  renderRealm,
  startKeycloak,
} from '@mcp-obo/keycloak';
import { freePort } from '@mcp-obo/testbed/ports';
import type { Ports, Urls } from '../addresses.ts';
import { inspectorOrigins } from '../config/mcp-server.ts';
import { interactiveClient, machine, target, tenants } from '../domain.ts';
import type { Secrets } from '../secrets.ts';

export interface KeycloakIdpOptions {
  readonly ports: Ports;
  readonly urls: Urls;
  readonly secrets: Secrets;
  readonly runDir: string;
  readonly logFile: string;
  readonly idpEngines?: KeycloakOptions['engines'];
  readonly telemetryEndpoint?: string;
  readonly trustedCaFile?: string;
  readonly say?: (line: string) => void;
  readonly signal?: AbortSignal;
}

/** Keycloak with a realm for each tenant of the domain. */
export async function startKeycloakIdp({
  ports,
  runDir,
  logFile,
  idpEngines,
  telemetryEndpoint,
  trustedCaFile,
  say,
  signal,
  ...world
}: KeycloakIdpOptions): Promise<Keycloak> {
  return startKeycloak({
    port: ports['dev-idp'],
    managementPort: await freePort(),
    dir: runDir,
    runDir,
    logFile,
    realms: tenantRealms(world),
    ...(idpEngines !== undefined && { engines: idpEngines }),
    ...(telemetryEndpoint !== undefined && {
      otlp: { endpoint: telemetryEndpoint, protocol: 'http/protobuf' as const },
    }),
    ...(trustedCaFile !== undefined && { trustedCaFile }),
    ...(say !== undefined && { say }),
    ...(signal !== undefined && { signal }),
  });
}

/** The realms of the domain's tenants for these addresses and secrets. */
export function tenantRealms({
  urls,
  secrets,
}: Pick<KeycloakIdpOptions, 'urls' | 'secrets'>): readonly RealmRepresentation[] {
  return tenants.map(({ name, users }) =>
    renderRealm(
      name,
      {
        sslRequired: 'none',
        mcpUrl: urls.mcp,
        targetAudience: target.audience,
        'interactive.clientId': interactiveClient.client_id,
        'interactive.name': interactiveClient.client_name,
        'interactive.redirectUris': interactiveClient.redirect_uris,
        'interactive.webOrigins': inspectorOrigins,
        registrationOrigins: inspectorOrigins,
        backchannelLogoutUrl: `${urls.broker}/backchannel-logout`,
        'secret.registration': secrets.registration[name],
        ...(name === machine.tenant && {
          'machine.clientId': machine.clientId,
          'secret.machine': secrets.nightlyJob,
        }),
      },
      users,
    ),
  );
}

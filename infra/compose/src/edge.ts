import { readFileSync } from 'node:fs';
import { fillTemplate } from './template.ts';

/** Certificates of both sides between the edge and the parts; theirs are for `mcp-server` and `keycloak`. */
export interface InwardTls {
  /** PEM files, as the edge reads them. */
  readonly certificate: string;
  readonly certificateKey: string;
  /** Who signed the certificates of the parts. */
  readonly authority: string;
}

/** What the edge has to know of its surroundings. Paths are as nginx sees them. */
export interface EdgeSettings {
  /** Address and port, as in `0.0.0.0:8443`. */
  readonly listen: string;
  /** Host and port that clients use, as in `mcp.example.com`; requests for any other get 421. */
  readonly authority: string;
  readonly certificate: string;
  readonly certificateKey: string;
  /** Host and port of the parts behind. */
  readonly mcpServer: string;
  readonly identityProvider: string;
  readonly identityProviderScheme: 'http' | 'https';
  /** Realms that are reached from outside. */
  readonly realms: readonly string[];
  /** Folder that nginx may write: its process id and bodies on their way. */
  readonly stateFolder: string;
  readonly accessLog: string;
  readonly workers: number | 'auto';
  /** Absent: plain HTTP on a network of their own. */
  readonly inward?: InwardTls;
  /** Where the second file will lie. */
  readonly inwardFile: string;
}

/** The two files of an edge. */
export interface EdgeFiles {
  readonly main: string;
  /** What the first includes. */
  readonly inward: string;
}

/** Writes the configuration of nginx down. */
export function renderEdge(settings: EdgeSettings): EdgeFiles {
  const { inward } = settings;
  const publicPort = settings.authority.split(':')[1] ?? '443';
  return {
    main: fillTemplate(template('nginx.conf'), {
      EDGE_STATE: settings.stateFolder,
      EDGE_WORKERS: String(settings.workers),
      EDGE_ACCESS_LOG: settings.accessLog,
      EDGE_LISTEN: settings.listen,
      EDGE_AUTHORITY: settings.authority,
      EDGE_PUBLIC_PORT: publicPort,
      EDGE_CERTIFICATE: settings.certificate,
      EDGE_CERTIFICATE_KEY: settings.certificateKey,
      EDGE_MCP_SERVER: settings.mcpServer,
      EDGE_IDENTITY_PROVIDER: settings.identityProvider,
      EDGE_IDENTITY_PROVIDER_SCHEME: settings.identityProviderScheme,
      EDGE_REALMS: settings.realms.join('|'),
      EDGE_INWARD: settings.inwardFile,
      EDGE_INWARD_SCHEME: inward === undefined ? 'http' : 'https',
    }),
    inward:
      inward === undefined
        ? '# Inward by plain HTTP.\n'
        : fillTemplate(template('inward-mtls.conf'), {
            EDGE_INWARD_CERTIFICATE: inward.certificate,
            EDGE_INWARD_CERTIFICATE_KEY: inward.certificateKey,
            EDGE_INWARD_AUTHORITY: inward.authority,
          }),
  };
}

function template(name: string): string {
  return readFileSync(new URL(`../edge/${name}.template`, import.meta.url), 'utf8');
}

import { createServer } from 'node:net';
import type { TenantName } from './domain.ts';
import { type IdpKind, idpTraits } from './idp/identity-provider.ts';

/** The parts of the platform, each a process of its own, in the order they start. */
export const partNames = ['dev-idp', 'downstream-api', 'broker', 'mcp-server'] as const;
export type PartName = (typeof partNames)[number];

/** Ports, all on 127.0.0.1. */
export type Ports = Readonly<Record<PartName | 'otlp', number>>;

/** How far each port is from the base. */
const offsets: Ports = { 'mcp-server': 0, broker: 1, 'downstream-api': 2, 'dev-idp': 3, otlp: 4 };

export interface Urls {
  /** What an MCP client is given; also the resource (RFC 8707) and the audience of its tokens. */
  readonly mcp: string;
  readonly broker: string;
  readonly downstream: string;
  readonly idp: string;
  /** Issuer of `acme`. */
  readonly issuer: string;
  readonly issuers: Readonly<Record<TenantName, string>>;
}

/** The ports above a base. */
export function portsFrom(base: number): Ports {
  const entries = Object.entries(offsets).map(([name, offset]) => [name, base + offset]);
  return Object.fromEntries(entries) as Ports;
}

/** The addresses at these ports. */
export function urlsOf(ports: Ports, kind: IdpKind = 'embedded'): Urls {
  const at = (port: number) => `http://127.0.0.1:${port}`;
  const idp = at(ports['dev-idp']);
  const issuerOf = (tenant: TenantName) => `${idp}${idpTraits[kind].issuerPath(tenant)}`;
  return {
    mcp: `${at(ports['mcp-server'])}/mcp`,
    broker: at(ports.broker),
    downstream: at(ports['downstream-api']),
    idp,
    issuer: issuerOf('acme'),
    issuers: { acme: issuerOf('acme'), globex: issuerOf('globex') },
  };
}

/** Where a part says whether it is ready. */
export function healthUrl(ports: Ports, part: PartName): string {
  return `http://127.0.0.1:${ports[part]}/health`;
}

/** A part, its port and whether something listens there already. */
export async function takenPorts(ports: Ports): Promise<readonly { part: PartName; port: number }[]> {
  const checked = await Promise.all(
    partNames.map(async (part) => ({ part, port: ports[part], free: await isFree(ports[part]) })),
  );
  return checked.filter(({ free }) => !free).map(({ part, port }) => ({ part, port }));
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

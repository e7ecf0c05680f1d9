/** PEM of a server, and of the authority whose certificates it asks its clients for. */
export interface RedisTls {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/** Lines of a configuration on loopback: nothing on disk, nothing evicted, plain or TLS alone. */
export function serverLines(port: number, { tls }: { readonly tls: boolean }): readonly string[] {
  return [
    ...(tls ? tlsLines(port) : [`port ${port}`]),
    'bind 127.0.0.1',
    'save ""',
    'appendonly no',
    'maxmemory-policy noeviction',
    'daemonize no',
  ];
}

/** Lines of a server or Sentinel that speaks TLS alone, also to its peers, and asks for a certificate. */
export function tlsLines(port: number): readonly string[] {
  return [
    'port 0',
    `tls-port ${port}`,
    'tls-ca-cert-file ca.pem',
    'tls-cert-file cert.pem',
    'tls-key-file key.pem',
    'tls-auth-clients yes',
    'tls-replication yes',
    'tls-cluster yes',
  ];
}

/** The files that those lines name. */
export function tlsFiles(tls: RedisTls | undefined): Readonly<Record<string, string>> {
  return tls === undefined ? {} : { 'ca.pem': tls.ca, 'cert.pem': tls.cert, 'key.pem': tls.key };
}

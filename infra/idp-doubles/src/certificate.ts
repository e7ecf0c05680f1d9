import { generate } from 'selfsigned';

/** A certificate authority that lives as long as the process, and a server certificate for loopback signed by it. */
export interface LoopbackCertificate {
  /** PEM of the authority. Clients must trust it. */
  readonly ca: string;
  /** PEM of the server certificate. */
  readonly cert: string;
  /** PEM of its private key. */
  readonly key: string;
}

/** Makes an authority and a certificate for `127.0.0.1` and `localhost`, both on P-256 and valid for a day. */
export async function createLoopbackCertificate(now: Date): Promise<LoopbackCertificate> {
  const validity = {
    keyType: 'ec',
    algorithm: 'sha256',
    notBeforeDate: new Date(now.getTime() - 60_000),
    notAfterDate: new Date(now.getTime() + 86_400_000),
  } as const;
  const authority = await generate([{ name: 'commonName', value: 'mcp-obo loopback authority' }], {
    ...validity,
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
  const server = await generate([{ name: 'commonName', value: '127.0.0.1' }], {
    ...validity,
    ca: { key: authority.private, cert: authority.cert },
    extensions: [
      { name: 'basicConstraints', cA: false },
      { name: 'keyUsage', digitalSignature: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 7, ip: '127.0.0.1' },
          { type: 2, value: 'localhost' },
        ],
      },
    ],
  });
  return { ca: authority.cert, cert: server.cert, key: server.private };
}

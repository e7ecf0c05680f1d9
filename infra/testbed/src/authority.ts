import { isIP } from 'node:net';
import { generate } from 'selfsigned';

/** A certificate and its key, in PEM. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** A certificate authority of this machine, for development. */
export interface Authority {
  /** PEM of its own certificate. */
  readonly cert: string;
  /** A certificate for a server and client of these names and addresses, the first of which is its common name. */
  readonly issue: (names: readonly [string, ...string[]], options?: IssueOptions) => Promise<Certificate>;
}

export interface IssueOptions {
  /** Days from now until it ends; 90 unless told. */
  readonly days?: number;
}

const dayMs = 86_400_000;
const algorithm = { keyType: 'ec', curve: 'P-256', algorithm: 'sha256' } as const;

/** Makes an authority with a new key. The key never leaves this process. */
export async function createAuthority({
  now,
  name = 'mcp-obo development authority',
}: {
  readonly now: () => number;
  readonly name?: string;
}): Promise<Authority> {
  const own = await generate([{ name: 'commonName', value: name }], {
    ...algorithm,
    ...validity(now(), 365),
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, critical: true },
    ],
  });
  return {
    cert: own.cert,
    issue: async (names, { days = 90 } = {}) => {
      const { cert, private: key } = await generate([{ name: 'commonName', value: names[0] }], {
        ...algorithm,
        ...validity(now(), days),
        ca: { key: own.private, cert: own.cert },
        extensions: [
          { name: 'basicConstraints', cA: false, critical: true },
          { name: 'keyUsage', digitalSignature: true, critical: true },
          { name: 'extKeyUsage', serverAuth: true, clientAuth: true },
          { name: 'subjectAltName', altNames: names.map(altName) },
        ],
      });
      return { cert, key };
    },
  };
}

/** A minute of the past, for clocks that lag behind. */
function validity(now: number, days: number) {
  return { notBeforeDate: new Date(now - 60_000), notAfterDate: new Date(now + days * dayMs) };
}

function altName(name: string) {
  return isIP(name) === 0 ? ({ type: 2, value: name } as const) : ({ type: 7, ip: name } as const);
}

import { generateKeyPair, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { exportJWK, type JSONWebKeySet } from 'jose';
import type { TenantName } from './domain.ts';

/** Everything secret of one run; made anew at each start. */
export interface Secrets {
  /** For `/dev/*` of the identity provider. */
  readonly adminToken: string;
  /** Of the MCP server's registration at each issuer. */
  readonly registration: Readonly<Record<TenantName, string>>;
  readonly nightlyJob: string;
  /** With this the MCP server proves itself to the broker (RFC 7523). */
  readonly brokerClient: {
    readonly privateKeyPem: string;
    readonly kid: string;
    readonly jwks: JSONWebKeySet;
  };
  /** Seals what the broker keeps; 32 bytes in base64. */
  readonly sealKey: string;
}

/** New secrets from the system's source of randomness. */
export async function makeSecrets(): Promise<Secrets> {
  const { privateKey, publicKey } = await promisify(generateKeyPair)('ec', { namedCurve: 'P-256' });
  const kid = 'mcp-server-1';
  const jwk = { ...(await exportJWK(publicKey)), kid, alg: 'ES256', use: 'sig' };
  return {
    adminToken: secret(),
    registration: { acme: secret(), globex: secret() },
    nightlyJob: secret(),
    brokerClient: {
      privateKeyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      kid,
      jwks: { keys: [jwk] },
    },
    sealKey: randomBytes(32).toString('base64'),
  };
}

function secret(): string {
  return randomBytes(32).toString('base64url');
}

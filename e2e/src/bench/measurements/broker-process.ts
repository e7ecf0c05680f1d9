import { randomBytes } from 'node:crypto';
import type { ContenderProcess } from '../contender-process.ts';
import type { Stage } from '../measurement.ts';
import { startService } from '../service-process.ts';
import { type BenchIdp, resource, target } from './token-endpoint.ts';
import { clientId } from './token-request.ts';

export interface BrokerProcessOptions {
  readonly idp: BenchIdp;
  /** How its client proves itself, as in the broker's configuration. */
  readonly auth: object;
  /** Absent: memory. */
  readonly redis?: string;
}

/** apps/broker with one client, one issuer and one target. */
export async function startBroker(
  stage: Stage,
  { idp, auth, redis }: BrokerProcessOptions,
): Promise<{ readonly url: string; readonly server: ContenderProcess }> {
  const { issuer } = idp.issuer;
  const { jwksUri: jwks_uri, tokenEndpoint: token_endpoint } = idp;
  const credential = { method: 'client_secret_basic', secret: { value: 'bench-secret' } };
  const rule = { clients: [clientId], target: target.name, tenants: ['acme'], scopes: [target.scope] };
  const { origin, server } = await startService(stage, 'broker', ({ port, auditFile }) => ({
    issuer: `http://127.0.0.1:${port}`,
    listen: { host: '127.0.0.1', port },
    issuers: [{ tenant: 'acme', issuer, profile: 'generic', jwks_uri, token_endpoint }],
    clients: [{ id: clientId, resource, auth, upstream: [{ issuer, client_id: resource, ...credential }] }],
    targets: [{ name: target.name, audience: target.audience, scopes: [target.scope] }],
    policy: { version: '1', rules: [rule] },
    ...(redis !== undefined && {
      cache: { url: redis, memory_mib: 0 },
      seal: { keys: { value: randomBytes(32).toString('base64') } },
    }),
    network: { allow_loopback: true },
    audit_file: auditFile,
  }));
  return { url: `${origin}/token`, server };
}

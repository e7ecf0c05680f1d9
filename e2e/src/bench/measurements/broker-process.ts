import { randomBytes } from 'node:crypto';
import type { ContenderProcess, ProcessOptions } from '../contender-process.ts';
import type { LoadOptions } from '../load.ts';
import type { Stage } from '../measurement.ts';
import { startService } from '../service-process.ts';
import { resource, target } from './token-endpoint.ts';
import { brokerSecret, clientId, isToken } from './token-request.ts';

export interface BrokerProcessOptions extends ProcessOptions {
  readonly issuers: readonly TrustedIssuer[];
  /** How its client proves itself, as in the broker's configuration; by its secret when absent. */
  readonly auth?: object;
  /** The section of the configuration; absent: memory as by default. */
  readonly cache?: { readonly url?: string; readonly memory_mib?: number };
  /** Opens what replicas share; one of its own when absent. */
  readonly sealKey?: string;
  /** Scopes of the target beside the one. */
  readonly moreScopes?: readonly string[];
}

/** An issuer as the broker is told of it. */
export interface TrustedIssuer {
  readonly issuer: { readonly issuer: string };
  readonly jwksUri: string;
  readonly tokenEndpoint: string;
}

/** A broker that runs. */
export interface BrokerProcess extends Pick<LoadOptions, 'url' | 'isRight' | 'server'> {
  /** Where it listens, without a path. */
  readonly origin: string;
  readonly server: ContenderProcess;
}

const bySecret = { method: 'client_secret', secret: { value: brokerSecret } };

/** apps/broker with one client and one target. */
export async function startBroker(
  stage: Stage,
  {
    issuers,
    auth = bySecret,
    cache,
    sealKey = newSealKey(),
    moreScopes = [],
    ...process
  }: BrokerProcessOptions,
): Promise<BrokerProcess> {
  const credential = { method: 'client_secret_basic', secret: { value: 'bench-secret' } };
  const scopes = [target.scope, ...moreScopes];
  const { origin, server } = await startService(
    stage,
    'broker',
    ({ port, auditFile }) => ({
      issuer: `http://127.0.0.1:${port}`,
      listen: { host: '127.0.0.1', port },
      issuers: issuers.map(({ issuer, jwksUri, tokenEndpoint }) => ({
        tenant: 'acme',
        issuer: issuer.issuer,
        profile: 'generic',
        jwks_uri: jwksUri,
        token_endpoint: tokenEndpoint,
      })),
      clients: [
        {
          id: clientId,
          auth,
          upstream: issuers.map(({ issuer }) => ({
            issuer: issuer.issuer,
            client_id: resource,
            ...credential,
          })),
        },
      ],
      resources: [{ uri: resource, owner: clientId, tenants: ['acme'], targets: [target.name] }],
      targets: [{ name: target.name, audience: target.audience, scopes }],
      policy: {
        version: '1',
        rules: [{ clients: [clientId], target: target.name, tenants: ['acme'], scopes }],
      },
      ...(cache !== undefined && { cache }),
      ...(cache?.url !== undefined && { seal: { keys: { value: sealKey } } }),
      network: { allow_loopback: true },
      audit_file: auditFile,
    }),
    process,
  );
  return { origin, url: `${origin}/token`, server, isRight: isToken };
}

/** A key that seals what goes to Redis. */
export function newSealKey(): string {
  return randomBytes(32).toString('base64');
}

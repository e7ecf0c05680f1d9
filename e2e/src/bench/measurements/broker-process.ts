import { randomBytes, randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort } from '@mcp-obo/testbed/ports';
import { request } from 'undici';
import { type ContenderProcess, startProcess } from '../contender-process.ts';
import type { Stage } from '../measurement.ts';
import { type BenchIdp, resource, target } from './token-endpoint.ts';

const script = fileURLToPath(new URL('../../../../apps/broker/src/main.ts', import.meta.url));
const READY_WITHIN = 30_000;

/** The id of the one client of every broker of the bench. */
export const clientId = 'mcp-server';

export interface BrokerProcessOptions {
  readonly idp: BenchIdp;
  /** How its client proves itself, as in the broker's configuration. */
  readonly auth: object;
  /** Absent: memory. */
  readonly redis?: string;
}

/** apps/broker as it is deployed: its own process, configuration and audit file. */
export async function startBroker(
  stage: Stage,
  options: BrokerProcessOptions,
): Promise<{ readonly url: string; readonly server: ContenderProcess }> {
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const name = join(stage.dir, `broker-${randomUUID()}`);
  // JSON is YAML.
  writeFileSync(`${name}.yaml`, JSON.stringify(configuration(options, port, `${name}.audit.jsonl`)), {
    mode: 0o600,
  });
  const server = startProcess(stage, script, ['--config', `${name}.yaml`]);
  await Promise.race([answering(`${origin}/health`), server.failed]);
  return { url: `${origin}/token`, server };
}

function configuration({ idp, auth, redis }: BrokerProcessOptions, port: number, auditFile: string): object {
  const { issuer } = idp.issuer;
  return {
    issuer: `http://127.0.0.1:${port}`,
    listen: { host: '127.0.0.1', port },
    issuers: [
      {
        tenant: 'acme',
        issuer,
        profile: 'generic',
        jwks_uri: idp.jwksUri,
        token_endpoint: idp.tokenEndpoint,
      },
    ],
    clients: [
      {
        id: clientId,
        resource,
        auth,
        upstream: [
          { issuer, client_id: resource, method: 'client_secret_basic', secret: { value: 'bench-secret' } },
        ],
      },
    ],
    targets: [{ name: target.name, audience: target.audience, scopes: [target.scope] }],
    policy: {
      version: '1',
      rules: [{ clients: [clientId], target: target.name, tenants: ['acme'], scopes: [target.scope] }],
    },
    ...(redis !== undefined && {
      cache: { url: redis },
      seal: { keys: { value: randomBytes(32).toString('base64') } },
    }),
    network: { allow_loopback: true },
    audit_file: auditFile,
  };
}

async function answering(url: string): Promise<void> {
  for (const end = performance.now() + READY_WITHIN; performance.now() < end; await sleep(50)) {
    const status = await request(url).then(
      async ({ statusCode, body }) => {
        await body.dump();
        return statusCode;
      },
      () => undefined,
    );
    if (status === 200) return;
  }
  throw new Error(`${url} does not answer.`);
}

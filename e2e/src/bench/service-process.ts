import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort } from '@mcp-obo/testbed/ports';
import { request } from 'undici';
import { type ContenderProcess, type ProcessOptions, startProcess } from './contender-process.ts';
import type { Stage } from './measurement.ts';

const READY_WITHIN = 90_000;

/** An app of the platform as it is deployed: its own process, configuration and audit file. */
export interface ServiceProcess {
  /** Where it listens, without a path. */
  readonly origin: string;
  readonly server: ContenderProcess;
}

/** Starts an app on a free port and waits until it answers. `configure` is given port and audit file. */
export async function startService(
  stage: Stage,
  app: 'broker' | 'mcp-server',
  configure: (place: { readonly port: number; readonly auditFile: string }) => object,
  options: ProcessOptions = {},
): Promise<ServiceProcess> {
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const name = join(stage.dir, `${app}-${randomUUID()}`);
  // JSON is YAML.
  writeFileSync(`${name}.yaml`, JSON.stringify(configure({ port, auditFile: `${name}.audit.jsonl` })), {
    mode: 0o600,
  });
  const script = fileURLToPath(new URL(`../../../apps/${app}/src/main.ts`, import.meta.url));
  const server = startProcess(stage, script, ['--config', `${name}.yaml`], options);
  await Promise.race([answering(`${origin}/health`), server.failed]);
  return { origin, server };
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

import { help, parseStartArguments, type StartArguments } from './arguments.ts';
import type { IdpKind } from './idp/identity-provider.ts';
import { startPlatform } from './platform.ts';
import { banner, readyFacts } from './ready.ts';

/** The process of `npm start`. Standard output is for the result; what goes on is told on standard error. */
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

const parsed = parseStartArguments(process.argv.slice(2));
if (parsed.kind === 'help') process.stdout.write(`${help}\n`);
else if (parsed.kind === 'wrong') fail(2, parsed.message);
else await run(parsed.arguments);

async function run({ json, basePort, idp, redis, logDir, cimd }: StartArguments): Promise<void> {
  const interrupted = new AbortController();
  for (const signal of signals) process.on(signal, () => interrupted.abort());
  if (!json)
    process.stderr.write('Starting the identity provider, the API, the broker and the MCP server …\n');
  const telemetryEndpoint = process.env.OTEL_EXPORTER_OTLP_ENDPOINT || undefined;
  const trustedCaFile = process.env.NODE_EXTRA_CA_CERTS || undefined;
  try {
    const platform = await startPlatform({
      basePort,
      idp,
      signal: interrupted.signal,
      ...(json ? {} : { say: (line) => process.stderr.write(`${line}\n`) }),
      ...redisOption(idp, redis),
      ...(logDir !== undefined && { logDir }),
      ...(cimd !== undefined && { settings: { 'dev-idp': { cimd } } }),
      ...(telemetryEndpoint !== undefined && { telemetryEndpoint }),
      ...(trustedCaFile !== undefined && { trustedCaFile }),
    });
    const ready = readyFacts(platform);
    process.stdout.write(json ? `${JSON.stringify(ready)}\n` : banner(ready));
    const broken = await Promise.race([platform.failed, aborted(interrupted.signal)]);
    await platform.stop();
    if (broken !== undefined && !interrupted.signal.aborted) fail(1, broken);
  } catch (error) {
    if (!interrupted.signal.aborted) fail(1, (error as Error).message);
  }
}

/** Beside Keycloak the broker has a real Redis too. */
function redisOption(idp: IdpKind, redis: string | undefined): { redis?: string } {
  if (redis !== undefined) return { redis };
  return idp === 'keycloak' ? { redis: 'own' } : {};
}

function aborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
}

function fail(code: number, message: string): void {
  process.stderr.write(`${message}\n`);
  process.exitCode = code;
}

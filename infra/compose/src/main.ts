import { parseArgs } from 'node:util';
import { interactiveClient, tenants } from '@mcp-obo/platform';
import { type Compose, startCompose } from './start-compose.ts';

const help = `npm run compose: the platform in containers behind a TLS 1.3 edge, until Ctrl-C

Options (after --):
  --port N       port of the edge on 127.0.0.1 (4443)
  --json         prints one line of JSON when everything is healthy, and nothing else on standard output
  --no-install   installs no Debian package; says what is missing instead
  --help         this text

Needs a container engine with compose; as root on Debian both are installed, and an engine that was started ends
with this command. Images, secrets and certificates are made; Ctrl-C removes containers and secrets.
Exit codes: 0 ended by Ctrl-C after a clean end, 1 could not start, 2 wrong arguments.`;

const say = (line: string) => void process.stderr.write(`${line}\n`);
const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.on(signal, () => interrupted.abort(new Error('Ended before everything was up.')));

await main(process.argv.slice(2));

async function main(argv: readonly string[]): Promise<void> {
  let values: ReturnType<typeof parse>['values'];
  try {
    ({ values } = parse(argv));
  } catch (error) {
    return leave(2, `${(error as Error).message}\n\n${help}`);
  }
  if (values.help) return void process.stdout.write(`${help}\n`);
  const edgePort = Number(values.port);
  if (!/^\d+$/.test(values.port) || edgePort < 1024 || edgePort > 65_535)
    return leave(2, `--port ${values.port} cannot be used; give a number from 1024 to 65535.`);
  try {
    const compose = await startCompose({
      edgePort,
      project: `mcp-obo-${edgePort}`,
      mayInstall: !values['no-install'],
      say,
      signal: interrupted.signal,
      registryCaFile: process.env.NODE_EXTRA_CA_CERTS,
    });
    process.stdout.write(values.json ? `${JSON.stringify(facts(compose))}\n` : banner(compose));
    await new Promise<void>((resolve) => {
      if (interrupted.signal.aborted) resolve();
      interrupted.signal.addEventListener('abort', () => resolve(), { once: true });
    });
    say('Removing the containers …');
    await compose.stop();
  } catch (error) {
    if (!interrupted.signal.aborted) leave(1, (error as Error).message);
  }
}

function facts({ origin, mcpUrl, authorityFile, engine }: Compose): object {
  return {
    ready: true,
    mcp: mcpUrl,
    issuer: `${origin}/realms/acme`,
    ca: authorityFile,
    engine,
    users: tenants.flatMap(({ name: tenant, users }) =>
      users.map(({ username, password, roles }) => ({ tenant, username, password, roles })),
    ),
    clients: [{ client_id: interactiveClient.client_id, redirect_uris: interactiveClient.redirect_uris }],
  };
}

function banner({ mcpUrl, authorityFile, engine }: Compose): string {
  const people = tenants.flatMap(({ users }) =>
    users.map(({ username, password }) => `${username} / ${password}`),
  );
  return `
The platform is up in containers (${engine}).

  MCP server   ${mcpUrl}
  trust        ${authorityFile} (as in NODE_EXTRA_CA_CERTS=${authorityFile})
  people       ${people.join(', ')}

Ctrl-C removes it.
`;
}

function parse(argv: readonly string[]) {
  return parseArgs({
    args: [...argv],
    options: {
      port: { type: 'string', default: '4443' },
      json: { type: 'boolean', default: false },
      'no-install': { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
}

function leave(code: number, message: string): void {
  say(message);
  process.exitCode = code;
}

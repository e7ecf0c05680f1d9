import { parseArgs } from 'node:util';
import { type IdpKind, idpKinds } from './idp/identity-provider.ts';

export interface StartArguments {
  readonly json: boolean;
  readonly basePort: number;
  readonly idp: IdpKind;
  readonly redis?: string;
  readonly logDir?: string;
  /** Whose client ID metadata documents the embedded identity provider reads; its own default unless told. */
  readonly cimd?: string;
}

/** What the arguments ask for: to start, to print the help, or to say what is wrong with them. */
export type ParsedArguments =
  | { readonly kind: 'start'; readonly arguments: StartArguments }
  | { readonly kind: 'help' }
  | { readonly kind: 'wrong'; readonly message: string };

const options = {
  json: { type: 'boolean', default: false },
  ports: { type: 'string', default: '4000' },
  idp: { type: 'string', default: 'embedded' },
  redis: { type: 'string' },
  logs: { type: 'string' },
  cimd: { type: 'string' },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

const cimdModes = ['on', 'loopback', 'off'];

/** The text of `--help`. */
export const help = `npm start: keeps the platform up for real MCP clients until Ctrl-C

Options (after --):
  --json          prints one line of JSON when everything is ready, and nothing else on standard output
  --ports N       first of the five ports on 127.0.0.1 (4000): MCP server, broker, downstream API, identity
                  provider, and one for an OTLP receiver
  --idp NAME      the identity provider: embedded, or keycloak: Keycloak under Java (got by Maven once), and a
                  redis-server of its own for the broker
  --cimd MODE     whose client ID metadata documents the embedded identity provider reads: on (everybody's),
                  loopback (those on this machine), or off: clients register themselves, also without internet
  --redis URL     keeps the broker's cache in this Redis instead
  --logs FOLDER   keeps logs and audit records there; otherwise they go away with the platform
  --help          this text

OTEL_EXPORTER_OTLP_ENDPOINT sends traces to an OTLP/HTTP receiver. NODE_EXTRA_CA_CERTS names a PEM file of an
authority of your own, for client metadata documents on this machine.
Exit codes: 0 ended by Ctrl-C after a clean end, 1 could not start or a part broke, 2 wrong arguments.`;

/** Reads the arguments of `npm start`. */
export function parseStartArguments(argv: readonly string[]): ParsedArguments {
  let values: ReturnType<typeof parse>;
  try {
    values = parse(argv);
  } catch (error) {
    return wrong((error as Error).message.split('. ')[0] ?? '');
  }
  if (values.help) return { kind: 'help' };
  const idp = idpKinds.find((kind) => kind === values.idp);
  if (idp === undefined) return wrong(`--idp ${values.idp} is unknown; give ${idpKinds.join(' or ')}`);
  const basePort = Number(values.ports);
  if (!/^\d+$/.test(values.ports) || basePort < 1024 || basePort > 65_531) {
    return wrong(
      `--ports ${values.ports} cannot be used; give a number from 1024 to 65531, e.g. --ports 4100`,
    );
  }
  if (values.cimd !== undefined && !cimdModes.includes(values.cimd)) {
    return wrong(`--cimd ${values.cimd} is unknown; give ${cimdModes.join(', ')}`);
  }
  if (values.cimd !== undefined && idp !== 'embedded') {
    return wrong('--cimd is a setting of the embedded identity provider');
  }
  if (values.redis !== undefined && !/^rediss?:\/\/./.test(values.redis)) {
    return wrong('--redis needs a URL, e.g. --redis redis://127.0.0.1:6379');
  }
  if (values.logs === '') return wrong('--logs needs a folder, e.g. --logs ./logs');
  return {
    kind: 'start',
    arguments: {
      json: values.json,
      basePort,
      idp,
      ...(values.redis !== undefined && { redis: values.redis }),
      ...(values.logs !== undefined && { logDir: values.logs }),
      ...(values.cimd !== undefined && { cimd: values.cimd }),
    },
  };
}

function parse(argv: readonly string[]) {
  return parseArgs({ args: [...argv], options, strict: true, allowPositionals: false }).values;
}

function wrong(message: string): ParsedArguments {
  return { kind: 'wrong', message: `${message.replace(/\.$/, '')}. See npm start -- --help.` };
}

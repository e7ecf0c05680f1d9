/**
 * @typedef {object} Command
 * @property {string} summary what it does, one sentence
 * @property {string} script the file that does it, run by the pinned Node.js
 * @property {readonly string[]} args arguments that always go with it
 * @property {readonly (readonly [string, string])[] | undefined} options its options, where this folder owns them; the script prints its own otherwise
 */

const testOptions = /** @type {const} */ ([
  ['--no-install', 'installs no system package; says what is missing instead'],
  ['--force', 'runs everything again, whatever the cache of turbo holds'],
]);

/** The commands of a fresh clone: `npm run NAME`. @type {Readonly<Record<string, Command>>} */
export const commands = {
  demo: {
    summary: 'starts the whole platform and plays the flow with a real MCP client',
    script: 'e2e/src/demo/main.ts',
    args: [],
    options: undefined,
  },
  start: {
    summary: 'keeps the platform up for real MCP clients',
    script: 'infra/platform/src/start.ts',
    args: [],
    options: undefined,
  },
  compose: {
    summary: 'keeps the platform up in containers, behind a TLS 1.3 edge',
    script: 'infra/compose/src/main.ts',
    args: [],
    options: undefined,
  },
  bench: {
    summary: 'measures CPU time per call, beside the peers',
    script: 'e2e/src/bench/main.ts',
    args: [],
    options: undefined,
  },
  mutations: {
    summary: 'breaks one security rule at a time and runs the tests that claim it',
    script: 'e2e/src/mutations/main.ts',
    args: [],
    options: undefined,
  },
  faults: {
    summary: 'breaks Redis, the network and brokers under traffic, and looks for wrong answers',
    script: 'e2e/src/faults/main.ts',
    args: [],
    options: undefined,
  },
  test: {
    summary: 'runs every check and every test, on real parts',
    script: 'infra/bootstrap/src/test.mjs',
    args: [],
    options: testOptions,
  },
  'test:quick': {
    summary: 'runs the checks and the tests of each package; leaves out the packed packages and e2e',
    script: 'infra/bootstrap/src/test.mjs',
    args: ['--quick'],
    options: testOptions,
  },
};

/** The overview. */
export function overview() {
  const lines = Object.entries(commands).map(
    ([name, { summary }]) => `  ${call(name).padEnd(20)} ${summary}`,
  );
  return [
    'mcp-obo, the enterprise MCP OAuth 2.1 reference platform',
    '',
    ...lines,
    '',
    'Each takes --help, as in: npm run demo -- --help',
  ].join('\n');
}

/**
 * The help of a command whose options are ours.
 * @param {string} name
 */
export function help(name) {
  const command = commands[name];
  const options = (command?.options ?? []).map(([option, text]) => `  ${option.padEnd(14)} ${text}`);
  return [
    `${call(name)}: ${command?.summary}`,
    '',
    'Options (after --):',
    ...options,
    '  --help         this text',
    '',
    'Installs pnpm, Node.js and the packages of pnpm-lock.yaml first where they are missing.',
    'Exit codes: 0 all passed, 1 something failed, 2 wrong arguments, 130 ended by Ctrl-C.',
  ].join('\n');
}

/** @param {string} name */
function call(name) {
  return name === 'test' || name === 'start' ? `npm ${name}` : `npm run ${name}`;
}

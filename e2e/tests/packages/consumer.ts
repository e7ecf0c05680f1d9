import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { installedVersion, type PackedPackage } from './tarballs.ts';

const execute = promisify(execFile);

/** A folder outside the workspace in which the packages are installed as anybody would install them. */
export interface Consumer {
  readonly folder: string;
  /** Version of the Node.js that runs everything here. */
  readonly nodeVersion: string;
  readonly write: (file: string, text: string) => void;
  /** Compiles every `.ts` file to JavaScript, declarations of all packages included in the check. */
  readonly compile: () => Promise<void>;
  /** Runs a compiled file to its end. */
  readonly run: (file: string, options?: RunOptions) => Promise<string>;
  /** Starts a compiled server and waits until it answers at `url`. */
  readonly serve: (
    file: string,
    url: string,
    env?: Readonly<Record<string, string>>,
  ) => Promise<RunningServer>;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Modules that Node.js loads first. */
  readonly imports?: readonly string[];
}

export interface RunningServer {
  /** Asks it to end; resolves with its exit code, null when the signal ended it. */
  readonly stop: () => Promise<number | null>;
}

/** What servers and clients of the samples need beside the peers of the packages. */
const companions = ['@modelcontextprotocol/client', '@modelcontextprotocol/server', 'zod'];

/**
 * Installs the tarballs and what they need with npm, in an empty folder, with the oldest line of Node.js that
 * the packages promise to run on. Nothing of the workspace is reachable from there.
 */
export async function createConsumer(folder: string, packages: readonly PackedPackage[]): Promise<Consumer> {
  const write = (file: string, text: string) => {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  };
  write('package.json', JSON.stringify(manifest(packages), null, 2));
  write('tsconfig.json', JSON.stringify(tsconfig, null, 2));
  // @modelcontextprotocol/sdk 1.x names one type of browsers; ours must do without them.
  write('src/sdk-v1.d.ts', "type HeadersInit = NonNullable<RequestInit['headers']>;\n");
  await install(folder);
  const node = join(folder, 'node_modules', 'node', 'bin', 'node');
  // Types are not stripped anywhere: what runs is JavaScript as it was packed.
  const plain = ['--no-experimental-strip-types'];
  const compiled = (file: string) => join(folder, 'compiled', file.replace(/\.ts$/, '.js'));
  const environment = (env: Readonly<Record<string, string>> = {}) => ({
    PATH: process.env.PATH ?? '',
    ...env,
  });

  return {
    folder,
    nodeVersion: (await execute(node, ['--version'])).stdout.trim(),
    write,
    compile: async () => {
      const { stdout } = await execute('tsc', ['-p', folder], { cwd: folder }).catch((error) => error);
      if (stdout !== '') throw new Error(`The consumer does not compile:\n${stdout}`);
    },
    run: async (file, { env, imports = [] } = {}) => {
      const first = imports.flatMap((name) => ['--import', name]);
      const options = { cwd: folder, env: environment(env), timeout: 30_000 };
      return (await execute(node, [...plain, ...first, compiled(file)], options)).stdout;
    },
    serve: async (file, url, env) => {
      const child = spawn(node, [...plain, compiled(file)], { cwd: folder, env: environment(env) });
      return await answering(child, file, url);
    },
  };
}

function manifest(packages: readonly PackedPackage[]): object {
  const e2e = fileURLToPath(new URL('../..', import.meta.url));
  const tarballs = Object.fromEntries(packages.map(({ name, tarball }) => [name, `file:${tarball}`]));
  return {
    name: 'consumer',
    private: true,
    type: 'module',
    dependencies: {
      ...tarballs,
      ...Object.fromEntries(companions.map((name) => [name, installedVersion(e2e, name)])),
      ...Object.assign({}, ...packages.map(({ peers }) => peers)),
    },
    devDependencies: { '@types/express': '^5', '@types/node': '^22', node: '^22' },
    // The script of `node` fetches the binary; a newer npm runs it only where that is allowed.
    allowScripts: { node: true },
    // A package asks for its siblings by version; here they are the tarballs and nothing else.
    overrides: Object.fromEntries(Object.keys(tarballs).map((name) => [name, `$${name}`])),
  };
}

const tsconfig = {
  compilerOptions: {
    target: 'es2024',
    lib: ['es2024'],
    module: 'nodenext',
    types: ['node'],
    strict: true,
    skipLibCheck: false,
    rewriteRelativeImportExtensions: true,
    verbatimModuleSyntax: true,
    noEmitOnError: true,
    rootDir: 'src',
    outDir: 'compiled',
  },
  include: ['src'],
};

async function install(folder: string): Promise<void> {
  const args = ['install', '--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error'];
  // Also for the npm that the package `node` starts: a registry that cannot be reached is said soon.
  const env = { ...process.env, npm_config_fetch_retries: '1', npm_config_fetch_retry_mintimeout: '500' };
  await execute('npm', args, { cwd: folder, env, timeout: 150_000 }).catch((error) => {
    const said = error.killed === true ? 'nothing for 150 seconds' : error.stderr;
    throw new Error(
      'The packed packages cannot be tried: npm could not install them and their dependencies into an empty folder. ' +
        `It needs the npm registry, or a cache that has everything. npm says:\n${said}`,
    );
  });
}

async function answering(child: ChildProcess, file: string, url: string): Promise<RunningServer> {
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (output += chunk));
  const ended = once(child, 'close').then(([code]): number | null => code);
  const answers = async () => {
    try {
      await (await fetch(url)).body?.cancel();
      return true;
    } catch {
      return false;
    }
  };
  const deadline = Date.now() + 20_000;
  while (!(await answers())) {
    const gone = await Promise.race([ended.then(() => true), sleep(50, false)]);
    if (gone || Date.now() > deadline) {
      child.kill('SIGKILL');
      throw new Error(`${file} does not answer at ${url}.\n${output}`);
    }
  }
  return {
    stop: async () => {
      child.kill('SIGTERM');
      return await ended;
    },
  };
}

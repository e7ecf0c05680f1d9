import { setTimeout as sleep } from 'node:timers/promises';
import { defaultCacheDir } from '@mcp-obo/images';
import type { Launched } from '@mcp-obo/testbed/launch';
import { createKeycloakAdmin, type KeycloakAdmin } from './admin.ts';
import { chooseEngine } from './choose-engine.ts';
import { containerRuntime } from './container.ts';
import { keycloakVersion } from './distribution.ts';
import { systemEnvironment } from './environment.ts';
import { nativeRuntime } from './native.ts';
import { isPortFree } from './ports.ts';
import { KeycloakProblem } from './problem.ts';
import type { EngineName, Runtime, RuntimeOptions } from './runtime.ts';
import { type OtlpTarget, startArguments } from './settings.ts';

/** How long a start may take on a busy machine. Milliseconds. */
const readyWithin = 180_000;

export interface KeycloakOptions {
  /** How it may be run, best first; the first that this machine has is taken. Java, then a container, unless told. */
  readonly engines?: readonly [EngineName, ...EngineName[]];
  /** Port of everything but health; on 127.0.0.1, as the other. */
  readonly port: number;
  /** Port of `/health`. */
  readonly managementPort: number;
  /** Folder of this run; Keycloak's home goes below it. */
  readonly dir: string;
  readonly logFile: string;
  /** Realms to be made, rendered. */
  readonly realms?: readonly object[];
  /** Features beyond the default ones; `cimd`, `identity-assertion-jwt` and `ssf` unless told. */
  readonly features?: readonly string[];
  /** Where its spans go; nowhere unless told. */
  readonly otlp?: OtlpTarget;
  /** PEM file of authorities that it trusts besides the public ones, e.g. for client metadata documents. */
  readonly trustedCaFile?: string;
  /** Where the prepared distribution is kept; `$XDG_CACHE_HOME/mcp-obo` or `~/.cache/mcp-obo` unless told. */
  readonly cacheDir?: string;
  /** `PATH`, `HOME` and `JAVA_HOME` for Maven and Java; of this process unless told. */
  readonly env?: Readonly<Record<string, string>>;
  /** A folder that goes away with Keycloak when this process is gone before it could remove it. */
  readonly runDir?: string;
  /** Told before a step that takes long. */
  readonly say?: (line: string) => void;
  /** Gives the start up when aborted. */
  readonly signal?: AbortSignal;
}

/** A Keycloak that answers. */
export interface Keycloak {
  readonly kind: 'keycloak';
  /** How it runs: under Java on this machine, or in a container. */
  readonly engine: EngineName;
  readonly version: string;
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  /** Issuer of a realm. */
  readonly issuer: (realm: string) => string;
  readonly admin: KeycloakAdmin;
  /** Process id of the group's leader; another one after a restart. */
  readonly pid: number;
  /** Resolves with a sentence when it ends without being asked to. */
  readonly failed: Promise<string>;
  /** Ends it and starts it again on the same ports with the same data. */
  readonly restart: () => Promise<void>;
  /** Ends it. May be called more than once. */
  readonly stop: () => Promise<void>;
  /** Ends it at once. */
  readonly kill: () => void;
}

const runtimes: Readonly<Record<EngineName, (options: RuntimeOptions) => Promise<Runtime>>> = {
  native: nativeRuntime,
  container: containerRuntime,
};

/**
 * Starts Keycloak on 127.0.0.1 and makes the realms. It gets a database of its own, and ends with
 * this process however that ends.
 *
 * @throws KeycloakProblem with one sentence and what to do; nothing is left running then.
 */
export async function startKeycloak(options: KeycloakOptions): Promise<Keycloak> {
  const { port, managementPort, signal, realms = [] } = options;
  await refuseTakenPorts(port, managementPort);
  const place = {
    cacheDir: options.cacheDir ?? defaultCacheDir(),
    env: options.env ?? systemEnvironment(),
  };
  const engine = await chooseEngine(options.engines ?? ['native', 'container'], { ...options, ...place });
  const runtime = await runtimes[engine]({ ...options, ...place });
  const url = `http://127.0.0.1:${port}`;
  const args = startArguments({ url, port, managementPort });

  const { promise: failed, resolve: fail } = Promise.withResolvers<string>();
  let current: Launched | undefined;
  let asked = false;
  const run = async () => {
    const mine = await runtime.launch(args);
    current = mine;
    await ready(mine, managementPort, signal);
    void mine.ended.then((sentence) => {
      if (!asked) fail(sentence);
    });
  };
  const stop = async () => {
    asked = true;
    await current?.stop();
  };

  try {
    await run();
    const admin = createKeycloakAdmin({ url, ...runtime.admin });
    for (const realm of realms) await admin.createRealm(realm);
    return {
      kind: 'keycloak',
      engine,
      version: keycloakVersion,
      url,
      issuer: (realm) => `${url}/realms/${realm}`,
      admin,
      get pid() {
        return current?.pid ?? -1;
      },
      failed,
      restart: async () => {
        await stop();
        asked = false;
        await run();
      },
      stop,
      kill: () => {
        asked = true;
        current?.kill();
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function refuseTakenPorts(...ports: readonly number[]): Promise<void> {
  for (const port of ports) {
    if (await isPortFree(port)) continue;
    throw new KeycloakProblem(
      `Port ${port} on 127.0.0.1 is in use and Keycloak needs it: stop what listens there, or choose another port.`,
    );
  }
}

/** Readiness is told on the management port, and only there: the log says "started" before it is true. */
async function ready(keycloak: Launched, managementPort: number, signal?: AbortSignal): Promise<void> {
  const end = performance.now() + readyWithin;
  let gone = false;
  void keycloak.ended.then(() => {
    gone = true;
  });
  while (!(await answers(`http://127.0.0.1:${managementPort}/health/ready`))) {
    signal?.throwIfAborted();
    if (gone) throw new KeycloakProblem(`${await keycloak.ended} Its log says why.`, keycloak.complaints());
    if (performance.now() > end)
      throw new KeycloakProblem(
        `Keycloak is not ready after ${readyWithin / 1000} s.`,
        keycloak.complaints(),
      );
    await Promise.race([sleep(250), keycloak.ended]);
  }
}

async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(5000) });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}

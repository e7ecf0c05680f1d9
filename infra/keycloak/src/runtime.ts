import type { Launched } from '@mcp-obo/testbed/launch';
import type { OtlpTarget } from './settings.ts';

/** What runs Keycloak: Java on this machine, or a container engine. */
export type EngineName = 'native' | 'container';

export interface RuntimeOptions {
  /** Folder of this run. */
  readonly dir: string;
  /** Folder that keeps what was prepared, for the next start. */
  readonly cacheDir: string;
  /** Environment of the commands that are run: `PATH`, `HOME`, `JAVA_HOME`. */
  readonly env: Readonly<Record<string, string>>;
  readonly features?: readonly string[];
  /** A folder that goes away with Keycloak when this process is gone before it could remove it. */
  readonly runDir?: string;
  readonly logFile: string;
  readonly otlp?: OtlpTarget;
  readonly trustedCaFile?: string;
  /** Told before a step that takes long. */
  readonly say?: (line: string) => void;
  readonly signal?: AbortSignal;
}

/** A Keycloak that is prepared for one run: its database is its own. */
export interface Runtime {
  /** The administrator: a confidential client of the realm `master` (client credentials). */
  readonly admin: AdminCredentials;
  /** Starts it on the data that is there. */
  readonly launch: (args: readonly string[]) => Promise<Launched>;
}

export interface AdminCredentials {
  readonly clientId: string;
  readonly clientSecret: string;
}

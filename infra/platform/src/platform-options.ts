import type { EngineName } from '@mcp-obo/keycloak';
import type { PartName, Ports } from './addresses.ts';
import type { BreakName } from './breaks.ts';
import type { IdpKind } from './idp/identity-provider.ts';

export interface PlatformOptions {
  /** The identity provider; `embedded` unless told. */
  readonly idp?: IdpKind;
  /** How Keycloak may be run, best first; Java, then a container, unless told. */
  readonly idpEngines?: readonly [EngineName, ...EngineName[]];
  /** Told before a step of the start that takes long. */
  readonly say?: (line: string) => void;
  /** First of the five ports; 4000 unless told. */
  readonly basePort?: number;
  /** Each port by itself, e.g. free ones for a test. */
  readonly ports?: Ports;
  /** OTLP/HTTP receiver of every process; none unless told. */
  readonly telemetryEndpoint?: string;
  /** URL of the broker's Redis, or `own` for a `redis-server` that is started too; memory unless told. */
  readonly redis?: string;
  /** A hop to break on purpose. */
  readonly breakHop?: BreakName;
  /** Folder for logs and audit records that are to stay; in the run folder unless told. */
  readonly logDir?: string;
  /** `info` unless told. */
  readonly logLevel?: string;
  /** PEM file of authorities that the parts trust besides the public ones, as `NODE_EXTRA_CA_CERTS`. */
  readonly trustedCaFile?: string;
  /** Ports for `/metrics`, by part. */
  readonly metricsPorts?: Partial<Readonly<Record<PartName, number>>>;
  /** Settings of a part that differ from the platform's, as its configuration file has them. */
  readonly settings?: Partial<Readonly<Record<PartName, object>>>;
  /** URL of a module that every part loads before its own, e.g. to observe it from inside. */
  readonly preload?: string;
  /** Further environment variables of every part. */
  readonly env?: Readonly<Record<string, string>>;
  /** Gives the start up when aborted. */
  readonly signal?: AbortSignal;
}

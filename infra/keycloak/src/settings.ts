/** Features beyond the default ones that the platform shows: client metadata documents, identity assertions, shared signals. */
export const defaultFeatures: readonly string[] = ['cimd', 'identity-assertion-jwt', 'ssf'];

/** A receiver of spans. */
export interface OtlpTarget {
  /** `http://127.0.0.1:4318` for `http/protobuf`, the address of the service for `grpc`. */
  readonly endpoint: string;
  readonly protocol: 'http/protobuf' | 'grpc';
}

/** Arguments of a start: loopback only, and one name whatever the Host header says. */
export function startArguments(at: {
  readonly url: string;
  readonly port: number;
  readonly managementPort: number;
}): readonly string[] {
  return [
    'start',
    '--optimized',
    '--http-enabled=true',
    '--http-host=127.0.0.1',
    `--http-port=${at.port}`,
    '--http-management-host=127.0.0.1',
    `--http-management-port=${at.managementPort}`,
    // Without it the issuer follows the Host header.
    `--hostname=${at.url}`,
  ];
}

/** Settings of a start beyond those it was built with: where spans go, and whom it trusts. */
export function startSettings({
  otlp,
  trustedCaFile,
}: {
  readonly otlp?: OtlpTarget | undefined;
  readonly trustedCaFile?: string | undefined;
}): Record<string, string> {
  return {
    ...(otlp === undefined ? quiet : tracing(otlp)),
    ...(trustedCaFile !== undefined && { KC_TRUSTSTORE_PATHS: trustedCaFile }),
  };
}

function tracing({ endpoint, protocol }: OtlpTarget): Record<string, string> {
  return {
    KC_TRACING_ENDPOINT: endpoint,
    KC_TRACING_PROTOCOL: protocol,
    KC_TELEMETRY_SERVICE_NAME: 'keycloak',
  };
}

/** Build options; a start with `--optimized` must find them unchanged. */
export const buildSettings: Readonly<Record<string, string>> = {
  KC_DB: 'dev-file',
  KC_CACHE: 'local',
  KC_HEALTH_ENABLED: 'true',
  KC_TRACING_ENABLED: 'true',
  // As all other processes: a caller who wants no trace gets none.
  KC_TRACING_SAMPLER_TYPE: 'parentbased_always_on',
  // Statements would be most of the spans.
  KC_TRACING_JDBC_ENABLED: 'false',
  // The start is short; the second compiler would not be done before the end of most runs.
  JAVA_OPTS_APPEND: '-XX:TieredStopAtLevel=1',
};

/** Tracing is built in; without a receiver it is not to try one every few seconds. */
export const quiet: Readonly<Record<string, string>> = { QUARKUS_OTEL_SDK_DISABLED: 'true' };

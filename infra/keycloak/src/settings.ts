import { buildSettings, quiet } from './distribution.ts';

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

/** Environment of a start: what a process needs, the options it was built with, where spans go, whom it trusts. */
export function startEnvironment(
  env: Readonly<Record<string, string>>,
  otlp: OtlpTarget | undefined,
  trustedCaFile: string | undefined,
): Record<string, string> {
  return {
    ...env,
    ...buildSettings,
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

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { keycloakVersion } from './distribution.ts';
import { buildSettings, defaultFeatures, startArguments, startSettings } from './settings.ts';

describe('the image', () => {
  const dockerfile = readFileSync(new URL('../Dockerfile', import.meta.url), 'utf8');

  it('is built as the distribution is, so that tests of one hold for the other', () => {
    const settings = [...dockerfile.matchAll(/\b((?:KC|JAVA)_\w+)=(\S+)/g)].map(([, name, value]) => [
      name,
      value,
    ]);
    const { KC_FEATURES, KC_HOSTNAME, KEYCLOAK_VERSION, ...same } = Object.fromEntries(settings);
    expect(same).toEqual(buildSettings);
    expect(dockerfile).toContain(`ARG KEYCLOAK_VERSION=${keycloakVersion}\n`);
    expect(dockerfile).toContain(`ARG FEATURES=${defaultFeatures.join(',')}\n`);
  });

  it('holds no realm, no administrator and no secret', () => {
    expect(dockerfile).not.toMatch(/\b(?:COPY|ADD)\b|KC_BOOTSTRAP_ADMIN_\w+=|password|secret=/i);
  });
});

describe('a start', () => {
  it('listens on 127.0.0.1 only and has one name', () => {
    const args = startArguments({ url: 'http://127.0.0.1:8180', port: 8180, managementPort: 8181 });
    expect(args).toEqual(
      expect.arrayContaining([
        '--http-host=127.0.0.1',
        '--http-management-host=127.0.0.1',
        '--hostname=http://127.0.0.1:8180',
      ]),
    );
  });

  it.each([
    ['nowhere', {}, { QUARKUS_OTEL_SDK_DISABLED: 'true' }],
    [
      'to a receiver',
      { otlp: { endpoint: 'http://127.0.0.1:4318', protocol: 'http/protobuf' as const } },
      { KC_TRACING_ENDPOINT: 'http://127.0.0.1:4318', KC_TRACING_PROTOCOL: 'http/protobuf' },
    ],
  ])('sends its spans %s', (_where, options, expected) => {
    expect(startSettings(options)).toMatchObject(expected);
  });
});

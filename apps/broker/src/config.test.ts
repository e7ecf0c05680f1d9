import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError, type ConfigSource } from '@mcp-obo/config';
import { verifies } from '@mcp-obo/testbed/verifies';
import { generate } from 'selfsigned';
import { describe, expect, it } from 'vitest';
import { loadConfig } from './config.ts';

const file = new URL('../config/example.yaml', import.meta.url).pathname;
const certificate = await generate([{ name: 'commonName', value: 'broker' }], { keyType: 'ec' });
const secrets: Readonly<Record<string, string>> = {
  'globex.key': certificate.private,
  'globex.crt': certificate.cert,
  'mcp-server.jwks.json': '{"keys":[{"kty":"EC","crv":"P-256","x":"a","y":"b"}]}',
  'mint.key': certificate.private,
  'seal.keys': Buffer.alloc(32, 7).toString('base64'),
};

function readText(path: string): string {
  if (path.endsWith('.yaml')) return readFileSync(path, 'utf8');
  return secrets[path.split('/').at(-1) ?? ''] ?? 'content of a secret file\n';
}

function problemsOf(change: (text: string) => string): string {
  const changed = (path: string) => (path === file ? change(readText(path)) : readText(path));
  return problemsIn({ env: {}, file, readText: changed });
}

function problemsIn(source: ConfigSource): string {
  try {
    loadConfig(source);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  return '';
}

const single = {
  BROKER_URL: 'https://broker.example',
  OAUTH_ISSUER: 'https://idp.example',
  OAUTH_AUDIENCE: 'https://mcp.example/mcp',
  BROKER_CLIENT_SECRET: 'caller secret',
  OBO_CLIENT_ID: 'mcp-registration',
  OBO_CLIENT_SECRET_FILE: '/run/secrets/obo',
  OBO_TARGET_AUDIENCE: 'api://expenses',
  OBO_TARGET_SCOPES: 'api:expenses.read api:expenses.write',
};

describe('the configuration', () => {
  it('loads the example, in which every section is used', () => {
    const config = loadConfig({ env: {}, file, readText });
    expect(config.clients[0]?.grants).toEqual(['token-exchange', 'jwt-bearer', 'client_credentials']);
    expect(config.clients[0]?.upstream[0]).toMatchObject({ secret: 'content of a secret file' });
    expect(config.seal?.keys).toEqual([Buffer.alloc(32, 7)]);
    expect(config.audit_file).toBe(new URL('../config/audit/broker.jsonl', import.meta.url).pathname);
  });

  it(verifies('op:config', 'is complete with environment variables alone'), () => {
    const config = loadConfig({ env: { ...single, BROKER_PORT: '4801', LOG_LEVEL: 'warn' }, readText });
    expect(config.listen.port).toBe(4801);
    expect(config.log_level).toBe('warn');
    expect(config.issuers).toMatchObject([{ tenant: 'default', profile: 'generic' }]);
    expect(config.clients).toMatchObject([
      { id: 'mcp-server', upstream: [{ client_id: 'mcp-registration', secret: 'content of a secret file' }] },
    ]);
    expect(config.policy.rules[0]?.scopes).toEqual(['api:expenses.read', 'api:expenses.write']);
  });

  it('keeps only the hash of a caller’s secret', () => {
    const config = loadConfig({ env: single, readText });
    expect(JSON.stringify(config)).not.toContain('caller secret');
  });

  it('names every bad setting in one message, between sections too', () => {
    const message = problemsOf((text) =>
      text
        .replace('port: 4001', 'port: 99999')
        .replace('profile: keycloak', 'profile: keycloack')
        .replace('version: "1"', 'version: ""')
        .replace('audience: api://expenses', 'audience: https://mcp.example.com/mcp')
        .replace('seal:', 'seel:'),
    );
    for (const setting of [
      'listen.port (BROKER_PORT):',
      'issuers.0.profile:',
      'policy.version:',
      'resources.0.targets:',
      'seel:',
      'seal.keys',
    ])
      expect(message).toContain(setting);
  });

  const refusals: readonly (readonly [string, (text: string) => string, string])[] = [
    [
      'two resources of one name',
      (t) =>
        t.replace(
          'targets:\n',
          `  - uri: https://x.example/\n    audiences: [11111111-2222-4333-8444-555555555555]\n    owner: mcp-server\n    tenants: [acme]\ntargets:\n`,
        ),
      'resources.1: 11111111-2222-4333-8444-555555555555 is registered already, by resources.0',
    ],
    [
      'a transmitter of security events for two issuers',
      (t) =>
        t.replace(
          '    scope_prefixes: ["api://mcp.example.com/"]\n',
          `    security_events: { transmitter: https://idp.example.com/acme, jwks_uri: https://idp.example.com/keys, audiences: [x], push: {} }\n`,
        ),
      'issuers.1: transmitter https://idp.example.com/acme is registered already, by issuers.0',
    ],
    [
      'a resource that is not canonical',
      (t) => t.replace('uri: https://mcp', 'uri: HTTPS://mcp'),
      'resources.0.uri: must be an absolute URI in canonical form',
    ],
    [
      'a resource of nobody',
      (t) => t.replace('owner: mcp-server', 'owner: nobody'),
      'resources.0.owner: nobody is not one of the clients',
    ],
    [
      'a resource of an unknown tenant',
      (t) => t.replace('tenants: [acme, globex]\n    targets', 'tenants: [other]\n    targets'),
      'resources.0.tenants: other is not the tenant of an issuer',
    ],
    [
      'a resource with a target that is none',
      (t) => t.replace('targets: [expenses-api]', 'targets: [expenses-api, ledger]'),
      'resources.0.targets: ledger is not one of the targets',
    ],
    [
      'a resource that is its own target',
      (t) => t.replace('audience: api://expenses', 'audience: https://mcp.example.com/mcp'),
      'resources.0.targets: expenses-api is the resource itself; a target must be another one',
    ],
    [
      'a rule that no resource of its client can use',
      (t) => t.replace('targets: [expenses-api]', 'targets: []'),
      'policy.rules.0.target: expenses-api is in the targets of no resource that mcp-server owns',
    ],
    [
      'an upstream of an issuer that is not configured',
      (t) => t.replaceAll('- issuer: https://idp.example.com/acme', '- issuer: https://other.example'),
      'clients.0.upstream: https://other.example is not one of the issuers or authorization_servers',
    ],
    [
      'an issuer that answers for one of another tenant',
      (t) =>
        t.replace(
          'authorization_servers:',
          '  - tenant: other\n    issuer: https://x.example\n    answer_issuers: ["https://idp.example.com/acme"]\nauthorization_servers:',
        ),
      'issuers.2.answer_issuers: https://idp.example.com/acme is an issuer of issuers.0 too, which has another tenant or profile',
    ],
    [
      'a rule for a scope the target does not have',
      (t) => t.replace('scopes: [api:expenses.read]', 'scopes: [api:other]'),
      "policy.rules.0.scopes: api:other is not one of the target's scopes",
    ],
    [
      'a machine rule beyond the machine scopes',
      (t) => t.replace('machine_scopes: [api:expenses.totals]', 'machine_scopes: []'),
      "policy.rules.1.scopes: api:expenses.totals is not one of the target's machine_scopes",
    ],
    [
      'a rule for an unknown client',
      (t) => t.replace('clients: [mcp-server]', 'clients: [nobody]'),
      'policy.rules.0.clients: nobody is not one of the clients',
    ],
    ['Redis without a key ring', (t) => t.replace(/^seal:.*$/m, ''), 'seal.keys'],
    [
      'a short seal key',
      (t) => t.replace('file: secrets/seal.keys', 'value: c2hvcnQ='),
      'every line of the key ring must be 32 bytes',
    ],
    [
      'a minted target without keys',
      (t) =>
        t
          .replace(/^mint:[\s\S]*?^network/m, 'network')
          .replace('    scopes:', '    upstream: mint\n    scopes:'),
      'targets.0.upstream: mint needs keys: set mint.keys',
    ],
    [
      'a minted target that is never parsed',
      (t) => t.replace('    scopes:', '    upstream: mint\n    kind: opaque\n    scopes:'),
      'targets.0.kind: must be jwt',
    ],
    [
      'a minted target with a name for each issuer',
      (t) =>
        t
          .replace('audience: api://expenses', 'audience: { "https://idp.example.com/acme": api://expenses }')
          .replace('    scopes:', '    upstream: mint\n    scopes:'),
      'targets.0.audience: must be one name for all issuers',
    ],
    [
      'a target of another domain without its authorization server',
      (t) => t.replace('    scopes:', '    upstream: id-jag\n    scopes:'),
      'targets.0.authorization_server: is required with id-jag',
    ],
    [
      'a target of an authorization server that is none',
      (t) =>
        t.replace(
          '    scopes:',
          '    upstream: id-jag\n    authorization_server: https://x.example\n    scopes:',
        ),
      'targets.0.authorization_server: https://x.example is not one of the authorization_servers',
    ],
    [
      'an authorization server for a target of the issuer',
      (t) => t.replace('    scopes:', '    authorization_server: https://login.wiki.example\n    scopes:'),
      'targets.0.authorization_server: goes with id-jag alone',
    ],
    [
      'an authorization server that is an issuer of users too',
      (t) => t.replace('- issuer: https://login.wiki.example', '- issuer: https://idp.example.com/acme'),
      'authorization_servers.0.issuer: https://idp.example.com/acme is one of the issuers',
    ],
    [
      'a key that mints and is none',
      (t) => t.replace('secrets/mint.key', 'secrets/acme.secret'),
      'mint.keys.0: must be a private P-256 or Ed25519 key in PEM',
    ],
    [
      'a key that mints and is missing',
      (t) => t.replace('secrets/mint.key', 'secrets/none.yaml'),
      'secrets/none.yaml cannot be read',
    ],
    [
      'the same key to mint twice',
      (t) =>
        t.replace('{ file: secrets/mint.key }', '{ file: secrets/mint.key }, { file: secrets/mint.key }'),
      'mint.keys.1: is the same key as one before it',
    ],
    [
      'a minted token that lives too long',
      (t) => t.replace('lifetime_seconds: 300', 'lifetime_seconds: 301'),
      'mint.lifetime_seconds',
    ],
    [
      'a file that is absent',
      (t) => t.replace('secrets/seal.keys', 'secrets/none.yaml'),
      'secrets/none.yaml cannot be read',
    ],
    [
      'keys of a client in a file that holds something else',
      (t) => t.replace(/jwks: \{ file: [^}]*\}/, 'jwks: { file: nowhere.json }'),
      'clients.0.auth.jwks: the file is no JWK set',
    ],
    [
      'a part of the network that is none',
      (t) => t.replace('allow_private: []', 'allow_private: [10.0.0.0/40]'),
      'network.allow_private.0: must be a host name, an address or a range (CIDR)',
    ],
    [
      'an issuer on this machine outside development',
      (t) => t.replaceAll('https://idp.example.com/acme', 'http://127.0.0.1:8080/acme'),
      'network.allow_loopback',
    ],
    [
      'plain http on an open address',
      (t) => t.replace(/^ {2}tls:.*$/m, '').replace('https://broker.example.com', 'http://127.0.0.1:4001'),
      'listen.host',
    ],
  ];
  it.each(refusals)('refuses %s', (_what, change, expected) => {
    expect(problemsOf(change)).toContain(expected);
  });

  it(verifies('op:config', 'names the variables that a broker for one server lacks'), () => {
    expect(problemsIn({ env: {} })).toContain(
      'clients: is required; one MCP server alone can be described by OAUTH_ISSUER',
    );
    const message = problemsIn({ env: { OAUTH_ISSUER: 'https://idp.example' } });
    for (const line of [
      'single.resource (OAUTH_AUDIENCE): is required',
      'single.upstream_client (OBO_CLIENT_ID): is required',
      'single.upstream_secret (OBO_CLIENT_SECRET, OBO_CLIENT_SECRET_FILE): is required',
    ])
      expect(message).toContain(line);
  });

  it(verifies('tb:mint', 'refuses a key that everybody on the machine can read'), () => {
    const dir = mkdtempSync(join(tmpdir(), 'broker-mint-'));
    const key = join(dir, 'mint.key');
    const problems = () => problemsOf((text) => text.replace('secrets/mint.key', key));
    writeFileSync(key, certificate.private, { mode: 0o640 });
    expect(problems()).toBe('');
    chmodSync(key, 0o644);
    expect(problems()).toContain(`mint.keys.0: the file ${key} is open to everybody on this machine`);
    rmSync(dir, { recursive: true });
  });

  it('never repeats a secret in its message', () => {
    const message = problemsOf((text) =>
      text.replace('{ file: secrets/acme.secret }', '{ value: hunter2, fille: x }'),
    );
    expect(message).toContain('clients.0.upstream.0.secret');
    expect(message).not.toContain('hunter2');
  });
});

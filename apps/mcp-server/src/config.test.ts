import { ConfigError } from '@mcp-obo/config';
import { verifies } from '@mcp-obo/testbed/verifies';
import { describe, expect, it } from 'vitest';
import { minimal, resource } from '../test/fixture.ts';
import { readConfig } from './config.ts';
import { guardOptions } from './guard-options.ts';

describe('configuration of the MCP server', () => {
  it(verifies('op:config', 'is complete with variables alone, by the names the guides use'), () => {
    const config = readConfig({
      env: {
        ...minimal,
        MCP_PORT: '8080',
        OAUTH_AUDIENCE: 'api://expenses-mcp',
        OAUTH_JWKS_URI: 'https://idp.example/keys',
        OAUTH_REQUIRED_SCOPES: 'mcp:tools:execute expenses:read',
        LOG_LEVEL: 'warn',
      },
    });
    expect(config.listen.port).toBe(8080);
    expect(config.log_level).toBe('warn');
    expect(config.required_scopes).toEqual(['mcp:tools:execute', 'expenses:read']);
    expect(config.issuers).toMatchObject([
      {
        issuer: 'https://idp.example',
        audiences: ['api://expenses-mcp'],
        jwks_uri: 'https://idp.example/keys',
        profile: 'generic',
      },
    ]);
  });

  it('takes the resource as the audience where none is given', () => {
    expect(readConfig({ env: minimal }).issuers[0]?.audiences).toEqual([resource]);
  });

  it('takes paths from the folder of its file, and those of variables from the working directory', () => {
    const file = '/etc/mcp/mcp-server.yaml';
    const readText = () => '{audit_file: audit.jsonl, exchange: {client_secret: {file: obo.secret}}}';
    const { OBO_CLIENT_SECRET: _, ...env } = minimal;
    expect(readConfig({ env, file, readText })).toMatchObject({
      audit_file: '/etc/mcp/audit.jsonl',
      exchange: { client_secret: { file: '/etc/mcp/obo.secret' } },
    });
    const variable = { ...env, OBO_CLIENT_SECRET_FILE: 'obo.secret' };
    expect(readConfig({ env: variable, cwd: '/srv' }).exchange.client_secret).toEqual({
      file: '/srv/obo.secret',
    });
  });

  it(verifies('sc:tiers', 'gives the guard every setting of a tier, by its names'), () => {
    const tier =
      '{max_token_age: 60, max_login_age: 30, acr_values: mfa hwk, login_by_link: true, approval: session}';
    const config = readConfig({
      env: minimal,
      file: '/etc/mcp/mcp-server.yaml',
      readText: () => `{tiers: {admin: ${tier}, financial: {login_by_link: false}}}`,
    });
    expect(guardOptions(config).tiers).toEqual({
      admin: {
        maxTokenAge: 60,
        maxLoginAge: 30,
        acrValues: ['mfa', 'hwk'],
        loginByLink: true,
        approval: 'session',
      },
      financial: { loginByLink: false },
    });
  });

  it('names every bad setting at once', () => {
    const env = { MCP_PORT: '99999', OAUTH_ISSUER: 'idp', LOG_LEVEL: 'loud' };
    expect(() => readConfig({ env })).toThrow(
      /MCP_PORT.*MCP_RESOURCE.*issuers\.0\.issuer.*exchange.*downstream.*LOG_LEVEL/s,
    );
  });

  it.each([
    ['MCP_RESOURCE', 'https://mcp.example/mcp#x', 'resource (MCP_RESOURCE)'],
    ['MCP_RESOURCE', 'http://mcp.example/mcp', 'resource (MCP_RESOURCE)'],
    ['MCP_RESOURCE', 'HTTPS://mcp.example/mcp', 'resource (MCP_RESOURCE)'],
    ['OAUTH_ISSUER', 'http://idp.example', 'issuers.0.issuer'],
    ['OAUTH_JWKS_URI', 'http://idp.example/keys', 'issuers.0.jwks_uri'],
    ['OAUTH_REQUIRED_SCOPES', 'mcp:tools "', 'required_scopes.1'],
    ['BROKER_TOKEN_ENDPOINT', 'http://broker.example/token', 'exchange.token_endpoint'],
    ['DOWNSTREAM_URL', 'https://api.example?x=1', 'downstream.url'],
    ['DOWNSTREAM_URL', 'http://api.example', 'downstream.url'],
    ['MCP_ALLOWED_ORIGINS', 'https://app.example/', 'allowed_origins.0'],
    ['MCP_ALLOWED_HOSTS', ' ', 'allowed_hosts'],
  ])('refuses %s=%s before anything is opened', (name, value, setting) => {
    const read = () => readConfig({ env: { ...minimal, [name]: value } });
    expect(read).toThrow(ConfigError);
    expect(read).toThrow(`\n  ${setting}`);
  });

  it.each([
    ['issuers: [{issuer: https://idp.example}, {issuer: https://idp.example}]', 'issuers.1.issuer: '],
    ['issuers: [{issuer: https://idp.example, audiences: []}]', 'issuers.0.audiences: '],
    ['allow_private: [10.0.0.0/40]', 'allow_private.0: '],
  ])('refuses %s', (text, setting) => {
    const { OAUTH_ISSUER: _, ...env } = minimal;
    const withIssuer = text.startsWith('issuers') ? env : minimal;
    const read = () => readConfig({ env: withIssuer, file: 'x.yaml', readText: () => text });
    expect(read).toThrow(`\n  ${setting}`);
  });

  it('wants one credential and not two', () => {
    const env = { ...minimal, OBO_PRIVATE_KEY_FILE: '/run/secrets/key' };
    expect(() => readConfig({ env })).toThrow(/exchange: needs either client_secret/);
  });
});

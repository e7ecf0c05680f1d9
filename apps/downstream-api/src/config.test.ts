import { ConfigError } from '@mcp-obo/config';
import { verifies } from '@mcp-obo/testbed/verifies';
import { describe, expect, it } from 'vitest';
import { readConfig } from './config.ts';

const settings = {
  resource: 'https://api.example',
  people_file: 'people.yaml',
  issuers: [{ tenant: 'acme', issuer: 'https://idp.example/acme' }],
};
const read = (file: object, env: Record<string, string> = {}) =>
  readConfig({ env, file: '/etc/expenses/api.yaml', readText: () => JSON.stringify(file) });

describe('configuration', () => {
  it('has defaults for all but resource, issuers and people', () => {
    expect(read(settings)).toEqual({
      ...settings,
      people_file: '/etc/expenses/people.yaml',
      listen: { host: '127.0.0.1', port: 4002 },
      issuers: [
        {
          tenant: 'acme',
          issuer: 'https://idp.example/acme',
          profile: 'generic',
          audiences: ['api://expenses'],
          companions: [],
          vouches_for: [],
        },
      ],
      seed_expenses: false,
      allow_private: [],
      body_limit_bytes: 65_536,
      log_level: 'info',
    });
  });

  it(verifies('op:config', 'of the downstream API can come from variables alone'), () => {
    const config = readConfig({
      env: {
        API_PORT: '4102',
        API_RESOURCE: 'https://api.example',
        OAUTH_ISSUER: 'https://login.example/tid/v2.0',
        OAUTH_TENANT: 'contoso',
        OAUTH_PROFILE: 'entra',
        OAUTH_AUDIENCE: 'api://expenses 6f1c-guid',
        PEOPLE_FILE: '/etc/people.yaml',
        DATABASE_FILE: '/var/lib/expenses.db',
        SEED_EXPENSES: 'true',
        LOG_LEVEL: 'warn',
      },
    });
    expect(config).toMatchObject({
      listen: { port: 4102 },
      issuers: [
        {
          tenant: 'contoso',
          issuer: 'https://login.example/tid/v2.0',
          profile: 'entra',
          audiences: ['api://expenses', '6f1c-guid'],
        },
      ],
      people_file: '/etc/people.yaml',
      database_file: '/var/lib/expenses.db',
      seed_expenses: true,
      log_level: 'warn',
    });
  });

  it.each([
    ['a broker that may speak for nobody', { profile: 'broker' }],
    ['an identity provider that may speak for another', { vouches_for: ['https://idp.example/globex'] }],
  ])('refuses %s', (_what, over) => {
    const issuers = [{ tenant: 'acme', issuer: 'https://idp.example/acme', ...over }];
    expect(() => read({ ...settings, issuers })).toThrow('issuers.0.vouches_for: must list the issuers');
  });

  it('names every bad setting, with its variable', () => {
    let message = '';
    try {
      read(
        { ...settings, resource: 'no url', issuers: [{ issuer: 'x', profile: 'okta2' }], colour: 'red' },
        { API_PORT: '0' },
      );
    } catch (error) {
      if (error instanceof ConfigError) ({ message } = error);
    }
    for (const part of [
      'listen.port (API_PORT): must be a port from 1 to 65535',
      'resource (API_RESOURCE): must be an https URL',
      'issuers.0.issuer (OAUTH_ISSUER): must be an https URL',
      'issuers.0.profile (OAUTH_PROFILE): must be one of',
      'colour',
    ])
      expect(message).toContain(part);
  });
});

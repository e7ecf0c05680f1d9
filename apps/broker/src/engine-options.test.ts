import { verifies } from '@mcp-obo/testbed/verifies';
import { expect, it } from 'vitest';
import { loadConfig } from './config.ts';
import { enginePolicy } from './engine-options.ts';

const variables = {
  BROKER_URL: 'https://broker.example',
  OAUTH_ISSUER: 'https://idp.example',
  OAUTH_AUDIENCE: 'https://mcp.example/mcp',
  BROKER_CLIENT_SECRET: 'secret',
  OBO_CLIENT_ID: 'registration',
  OBO_CLIENT_SECRET: 'secret',
  OBO_TARGET_AUDIENCE: 'api://expenses',
  OBO_TARGET_SCOPES: 'api:expenses.read',
};
const versionOf = (change: Partial<typeof variables> = {}) =>
  enginePolicy(loadConfig({ env: { ...variables, ...change } })).version;

it(
  verifies(
    'tb:cache-key',
    'finds nothing that was obtained under other rules or targets of the same version',
  ),
  () => {
    expect(versionOf()).toBe(versionOf({ OBO_CLIENT_SECRET: 'another' }));
    expect(versionOf({ OBO_TARGET_SCOPES: 'api:expenses.read api:expenses.write' })).not.toBe(versionOf());
    expect(versionOf({ OBO_TARGET_AUDIENCE: 'api://other' })).not.toBe(versionOf());
  },
);

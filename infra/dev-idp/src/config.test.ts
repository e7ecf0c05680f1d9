import { ConfigError } from '@mcp-obo/config';
import { describe, expect, it } from 'vitest';
import { parseConfig, testConfig } from '../test/idp.ts';

const messageOf = (change: (config: ReturnType<typeof testConfig>) => object): string => {
  const config = testConfig();
  try {
    parseConfig(change(config));
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  return '';
};

describe('configuration', () => {
  it('takes what the tests use', () => {
    expect(messageOf((config) => config)).toBe('');
  });

  it.each<[string, (config: ReturnType<typeof testConfig>) => object, string]>([
    [
      'a host that others can reach',
      (config) => ({ ...config, listen: { ...config.listen, host: '0.0.0.0' } }),
      'listen.host (DEV_IDP_HOST): must be 127.0.0.1',
    ],
    ['an unknown setting', (config) => ({ ...config, hots: 'x' }), 'hots'],
    ['no tenants', (config) => ({ ...config, tenants: [] }), 'tenants: '],
    [
      'a tenant whose name is no path',
      (config) => ({ ...config, tenants: [{ name: 'a/b' }] }),
      'tenants.0.name: must be lower-case',
    ],
    [
      'a permission for an unknown client',
      (config) => ({
        ...config,
        tenants: [{ name: 'a', exchange: [{ client: 'nobody', audience: 'api://x' }] }],
      }),
      'tenants.0.exchange.0.client: names no client',
    ],
    [
      'a permission for an unknown resource',
      (config) => ({
        ...config,
        tenants: [{ name: 'a', machine: [{ client: 'nobody', audience: 'api://x' }] }],
      }),
      'tenants.0.machine.0.audience: names no resource',
    ],
    [
      'a relative resource',
      (config) => ({
        ...config,
        tenants: [{ name: 'a', resources: [{ identifier: '/mcp', name: 'x', scopes: ['a'] }] }],
      }),
      'tenants.0.resources.0.identifier: must be an absolute URI',
    ],
    [
      'a default scope that the resource does not have',
      (config) => ({
        ...config,
        tenants: [
          {
            name: 'a',
            resources: [{ identifier: 'api://x', name: 'x', scopes: ['a'], default_scopes: ['b'] }],
          },
        ],
      }),
      'tenants.0.resources.0.default_scopes: b is not in scopes',
    ],
    [
      'a user that is there twice',
      (config) => {
        const [acme] = config.tenants;
        return { ...config, tenants: [{ ...acme, users: [...(acme?.users ?? []), ...(acme?.users ?? [])] }] };
      },
      'tenants.0.users: sub-of-alice is there twice',
    ],
  ])('refuses %s and names the setting', (_case, change, message) => {
    expect(messageOf(change)).toContain(message);
  });
});

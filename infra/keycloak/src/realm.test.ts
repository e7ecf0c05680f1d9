// biome-ignore-all lint/suspicious/noTemplateCurlyInString: placeholders of realm files look like this.
import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { renderFederation } from './federation.ts';
import { readTemplate, renderRealm } from './realm.ts';

interface Client {
  readonly clientId: string;
  readonly protocol?: string;
  readonly publicClient?: boolean;
  readonly secret?: string;
  readonly redirectUris?: unknown;
  readonly fullScopeAllowed?: boolean;
  readonly directAccessGrantsEnabled?: boolean;
  readonly implicitFlowEnabled?: boolean;
  readonly standardFlowEnabled?: boolean;
  readonly attributes?: Readonly<Record<string, string>>;
  readonly defaultClientScopes?: readonly string[];
  readonly optionalClientScopes?: readonly string[];
}
interface Scope {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly protocolMappers?: readonly { protocolMapper: string; config: Record<string, string> }[];
}

const realms = readdirSync(new URL('../realms', import.meta.url))
  .map((name) => name.replace('.json', ''))
  .filter((name) => !['tenant', 'federation'].includes(name));
/** Client scopes that Keycloak adds where a realm asks for them. */
const builtIn = ['basic', 'acr', 'profile', 'email', 'roles', 'web-origins'];
const placeholder = /^\$\{[\w.]+\}$/;

describe.each(realms)('the realm %s', (name) => {
  const realm = readTemplate(name);
  const clients = (realm.clients ?? []) as readonly Client[];
  const scopes = (realm.clientScopes ?? []) as readonly Scope[];
  const text = JSON.stringify(realm);

  it('has no wildcard in any address', () => {
    const addresses = clients.flatMap(({ redirectUris }) => [redirectUris].flat());
    for (const address of addresses) expect(String(address)).not.toContain('*');
    expect(text).not.toMatch(/"(?:webOrigins|web-origins|trusted-hosts)":\[[^\]]*"[*+]"/);
  });

  it('holds no secret and no password of its own', () => {
    for (const { clientId, secret } of clients) {
      expect([clientId, secret ?? '${none}']).toEqual([clientId, expect.stringMatching(placeholder)]);
    }
    const literal = [...text.matchAll(/"(?:secret|clientSecret|password|value)":"([^"]*)"/g)].map(
      ([, value]) => value,
    );
    for (const value of literal) expect(value).toMatch(placeholder);
  });

  it('gives no client the roles it does not ask for, and no client a password', () => {
    for (const client of clients) {
      expect([client.clientId, client.fullScopeAllowed]).toEqual([client.clientId, false]);
      expect([client.clientId, client.directAccessGrantsEnabled]).toEqual([client.clientId, false]);
      expect([client.clientId, client.implicitFlowEnabled]).toEqual([client.clientId, false]);
    }
  });

  it('demands PKCE with S256 of every client that people log in with', () => {
    const interactive = clients.filter(
      ({ protocol, standardFlowEnabled }) => protocol === 'openid-connect' && standardFlowEnabled === true,
    );
    for (const { clientId, attributes } of interactive) {
      expect([clientId, attributes?.['pkce.code.challenge.method']]).toEqual([clientId, 'S256']);
    }
    for (const { clientId, publicClient } of clients) {
      if (publicClient === true) expect(interactive.map((client) => client.clientId)).toContain(clientId);
    }
  });

  it('names no client scope and no role that it does not have', () => {
    const { CreateDefaultClientScopes: defaults } = (realm.attributes ?? {}) as Record<string, string>;
    const known = new Set([...scopes.map((scope) => scope.name), ...(defaults === 'true' ? builtIn : [])]);
    const named = clients.flatMap((client) => [
      ...(client.defaultClientScopes ?? []),
      ...(client.optionalClientScopes ?? []),
    ]);
    const mappings = (realm.scopeMappings ?? []) as readonly { clientScope: string; roles: string[] }[];
    for (const scope of [...named, ...mappings.map(({ clientScope }) => clientScope)]) {
      expect([...known]).toContain(scope);
    }
    const { realm: roles = [] } = (realm.roles ?? {}) as { realm?: readonly { name: string }[] };
    for (const role of mappings.flatMap((mapping) => mapping.roles)) {
      expect(roles.map((entry) => entry.name)).toContain(role);
    }
  });

  it('rotates refresh tokens and keeps access tokens short', () => {
    expect(realm).toMatchObject({ revokeRefreshToken: true, refreshTokenMaxReuse: 0 });
    expect(Number(realm.accessTokenLifespan)).toBeLessThanOrEqual(300);
  });
});

describe.each(['acme', 'globex'])('the tenant realm %s', (name) => {
  const realm = readTemplate(name);
  const scopes = realm.clientScopes as readonly Scope[];

  it('puts the audience on every scope of a resource, so that no client gets a token for nobody', () => {
    const audiences = Object.fromEntries(
      scopes
        .filter(({ attributes }) => attributes['include.in.token.scope'] === 'true')
        .map((scope) => [
          scope.name,
          scope.protocolMappers
            ?.filter(({ protocolMapper }) => protocolMapper === 'oidc-audience-mapper')
            .map(({ config }) => config['included.client.audience']),
        ]),
    );
    expect(Object.keys(audiences).length).toBeGreaterThan(14);
    for (const [scope, audience] of Object.entries(audiences)) {
      expect([scope, audience]).toEqual([
        scope,
        [scope.startsWith('api:') ? '${targetAudience}' : '${mcpUrl}'],
      ]);
    }
  });

  it('gives the scopes that do something to those whose role it is, and to nobody else', () => {
    const mappings = realm.scopeMappings as readonly { clientScope: string; roles: string[] }[];
    const bound = Object.fromEntries(mappings.map(({ clientScope, roles }) => [clientScope, roles]));
    expect(bound).toEqual({
      'expenses:read': ['employee', 'manager', 'finance', 'auditor'],
      'expenses:write': ['employee', 'manager'],
      'expenses:approve': ['manager'],
      'expenses:admin': ['finance'],
      'expenses:export': ['manager', 'finance'],
      'expenses:totals': ['machine'],
      'api:expenses.read': ['employee', 'manager', 'finance', 'auditor'],
      'api:expenses.write': ['employee', 'manager'],
      'api:expenses.approve': ['manager'],
      'api:expenses.admin': ['finance'],
      'api:expenses.totals': ['machine'],
    });
  });

  it('lets the MCP server exchange, without refresh tokens, and nobody else', () => {
    const exchanging = (realm.clients as readonly Client[]).filter(
      ({ attributes }) => attributes?.['standard.token.exchange.enabled'] === 'true',
    );
    expect(exchanging.map(({ clientId }) => clientId)).toEqual(['${mcpUrl}']);
    expect(exchanging[0]?.attributes?.['standard.token.exchange.enableRefreshRequestedTokenType']).toBe('NO');
  });
});

describe('the directory before a tenant', () => {
  const { identityProviders, identityProviderMappers } = renderFederation({
    'tenant.issuer': 'https://id.example.com/realms/acme',
    'directory.issuer': 'https://directory.example.com/realms/directory',
    'secret.directory': 'made-for-this-test',
  });

  it('is believed only when it signs', () => {
    for (const { alias, config } of identityProviders) {
      expect([alias, config]).toEqual([alias, expect.objectContaining({ validateSignature: 'true' })]);
    }
    expect(identityProviders.map(({ providerId }) => providerId)).toEqual(['oidc', 'saml']);
  });

  it('gives a role for a group by its full path, and takes it away again', () => {
    const roleMappers = identityProviderMappers.filter(({ identityProviderMapper }) =>
      String(identityProviderMapper).includes('role'),
    );
    expect(roleMappers).toHaveLength(4);
    for (const { name, config } of roleMappers) {
      expect(name).toMatch(/^\/departments\/\w+ is \w+$/);
      expect(config).toMatchObject({ syncMode: 'FORCE' });
    }
  });
});

describe('renderRealm', () => {
  const values = {
    sslRequired: 'external',
    mcpUrl: 'https://mcp.example.com/mcp',
    targetAudience: 'api://expenses',
    'interactive.clientId': 'people',
    'interactive.name': 'People',
    'interactive.redirectUris': ['http://127.0.0.1/callback'],
    'interactive.webOrigins': ['http://localhost:6274'],
    registrationOrigins: ['http://localhost:6274'],
    backchannelLogoutUrl: 'https://broker.example.com/backchannel-logout',
    'secret.registration': 'made-for-this-test',
  };
  const alice = {
    username: 'alice',
    password: 'alice-password',
    sub: '5b0e6e1c-3f4f-4a53-9a55-0f2f4b6f1a01',
    name: 'Alice van Archer',
    email: 'alice@globex.example',
    roles: ['employee'],
  };

  it('leaves no placeholder', () => {
    expect(JSON.stringify(renderRealm('globex', values))).not.toContain('${');
  });

  it('gives people further groups and an authenticator app', () => {
    const { users } = renderRealm('globex', values, [
      { ...alice, roles: [], groups: ['/expenses/auditors'], totpSecret: 'twenty-bytes-of-text' },
    ]);
    expect(users?.at(-1)).toMatchObject({
      groups: ['/expenses/auditors'],
      credentials: [{ type: 'password' }, { type: 'otp', secretData: '{"value":"twenty-bytes-of-text"}' }],
    });
  });

  it('puts people in with their fixed ids, in the group that has their role', () => {
    const { users } = renderRealm('globex', values, [alice]);
    expect(users?.at(-1)).toMatchObject({
      id: alice.sub,
      firstName: 'Alice',
      lastName: 'van Archer',
      groups: ['/expenses/employees'],
      credentials: [{ type: 'password', value: 'alice-password', temporary: false }],
    });
  });

  it('adds to what a realm extends', () => {
    const machine = { 'machine.clientId': 'nightly-job', 'secret.machine': 'made-for-this-test-too' };
    const ids = ({ clients }: Record<string, unknown>) =>
      (clients as readonly Client[]).map(({ clientId }) => clientId);
    expect(ids(renderRealm('acme', { ...values, ...machine }))).toEqual([
      ...ids(renderRealm('globex', values)),
      'nightly-job',
    ]);
  });

  it.each<[string, () => unknown, RegExp]>([
    ['a realm that does not exist', () => renderRealm('initech', values), /There is no realm initech/],
    ['a missing value', () => renderRealm('acme', values), /machine\.clientId, secret\.machine/],
    ['a value too many', () => renderRealm('globex', { ...values, color: 'red' }), /no placeholders color/],
    [
      'a role no group gives',
      () => renderRealm('globex', values, [{ ...alice, roles: ['king'] }]),
      /role king/,
    ],
  ])('refuses %s', (_case, render, message) => {
    expect(render).toThrow(message);
  });
});

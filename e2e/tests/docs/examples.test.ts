import { createPrivateKey } from 'node:crypto';
import { basename, dirname } from 'node:path';
import { loadConfig } from '@mcp-obo/broker/config';
import { secretFrom } from '@mcp-obo/config';
import { idpProfile, idpProfiles } from '@mcp-obo/idp-profile';
import { readConfig } from '@mcp-obo/mcp-server/config';
import { emitScopes } from '@mcp-obo/scopes';
import { verifies } from '@mcp-obo/testbed/verifies';
import { createValidator } from '@mcp-obo/validator';
import { afterAll, describe, expect, it } from 'vitest';
import { writeExampleFiles } from './example-files.ts';
import { codesIn, readDocument, rowsOf, sectionOf } from './markdown.ts';

const files = await writeExampleFiles();
afterAll(() => files.remove());

const named = (kind: string) => files.names.filter((name) => basename(name) === `${kind}.yaml`).sort();
const mcpServer = (name: string) => readConfig({ env: {}, file: files.pathOf(name) });
const broker = (name: string) => loadConfig({ env: {}, file: files.pathOf(name) });
const apiScopes = ['api:expenses.read', 'api:expenses.write', 'api:expenses.approve', 'api:expenses.admin'];

describe('the example files', () => {
  it(verifies('op:config', 'are a pair for each identity provider'), () => {
    const providers = Object.keys(idpProfiles).sort();
    expect(named('broker').map(dirname)).toEqual(providers);
    expect(named('mcp-server').map(dirname)).toEqual([...providers, 'without-broker'].sort());
  });

  it('are listed in docs/examples/README.md', () => {
    const listed = rowsOf(sectionOf(readDocument('docs/examples/README.md'), 'Files'));
    expect(listed.map(([name = '']) => codesIn(name)[0])).toEqual(
      [...new Set(files.names.map(dirname))].map((name) => `${name}/`).sort(),
    );
  });
});

describe.each(named('mcp-server'))('%s', (name) => {
  it(verifies('op:config', 'starts from its file and its secrets'), () => {
    const config = mcpServer(name);
    const { private_key: key, client_secret: secret } = config.exchange;
    if (key !== undefined) expect(createPrivateKey(secretFrom(key, 'key')).type).toBe('private');
    if (secret !== undefined) expect(secretFrom(secret, 'secret')).not.toBe('');
    const issuers = config.issuers.map(({ introspection: _, ...issuer }) => ({
      ...issuer,
      jwksUri: issuer.jwks_uri,
    }));
    expect(() => createValidator({ issuers }).close()).not.toThrow();
  });

  it('can ask each issuer for its scopes', () => {
    const { issuers, required_scopes: scopes } = mcpServer(name);
    for (const { profile, scope_prefix: prefix } of issuers)
      expect(emitScopes(scopes, idpProfile(profile), prefix)).not.toBe('');
  });
});

describe.each(named('broker'))('%s', (name) => {
  const config = broker(name);
  const server = mcpServer(`${dirname(name)}/mcp-server.yaml`);
  const client = config.clients.find(({ id }) => id === server.exchange.client_id);
  const resource = config.resources.find(({ owner }) => owner === client?.id);

  it('knows the MCP server beside it', () => {
    expect(server.exchange.token_endpoint).toBe(`${config.issuer}/token`);
    expect(server.exchange.issuer).toBe(config.issuer);
    expect(resource?.uri).toBe(server.resource);
    expect(client?.auth.method).toBe('private_key_jwt');
  });

  it('takes the tokens that the MCP server takes, and exchanges at their issuers', () => {
    const accepted = [resource?.uri, ...(resource?.audiences ?? [])];
    for (const issuer of server.issuers) {
      const same = config.issuers.find((entry) => entry.issuer === issuer.issuer);
      expect(same).toMatchObject({
        tenant: issuer.tenant,
        profile: issuer.profile,
        companions: issuer.companions,
      });
      expect(accepted).toEqual(expect.arrayContaining([...issuer.audiences]));
      expect(client?.upstream.map((entry) => entry.issuer)).toContain(issuer.issuer);
    }
  });

  it('lets users reach every scope that the tools ask for, and machines theirs', () => {
    const allowed = (machine: boolean) =>
      config.policy.rules
        .filter((rule) => (rule.machine ?? false) === machine && rule.target === server.downstream.target)
        .flatMap(({ scopes }) => scopes);
    expect(new Set(allowed(false))).toEqual(new Set(apiScopes));
    expect(allowed(true)).toEqual(['api:expenses.totals']);
  });
});

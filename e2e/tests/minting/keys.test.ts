import { chmod, readFile, writeFile } from 'node:fs/promises';
import { verifies } from '@mcp-obo/testbed/verifies';
import { decodeProtectedHeader } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startApp } from '../attacks/fixture/app-process.ts';
import { type MintingPlatform, newKeyPem, startMintingPlatform } from './fixture/minting-platform.ts';

let platform: MintingPlatform;
beforeAll(async () => {
  platform = await startMintingPlatform();
});
afterAll(() => platform?.close());

const taken = 'the changed configuration is in use';
const refused = 'the changed configuration cannot be used; what was in use stays';

/** Replaces settings of the broker, and waits until it says what it made of them. */
async function change(settings: object, says = taken): Promise<string> {
  const { broker, brokerConfig } = platform;
  const since = broker.output().length;
  await writeFile(broker.file, JSON.stringify({ ...brokerConfig, ...settings }));
  return broker.line(says, since);
}

const keys = (...names: readonly string[]) => ({
  mint: { keys: names.map((name) => ({ file: platform.keyFile(name) })), publish_seconds: 2 },
});

async function published(): Promise<readonly (string | undefined)[]> {
  const response = await fetch(`${platform.broker.url}/jwks`);
  return ((await response.json()) as { keys: { kid?: string }[] }).keys.map(({ kid }) => kid);
}

/** A token for the API, the id of its key, and what the API thinks of it. */
async function mint(subject_token: string) {
  const token = await platform.exchange('mcp-server', { subject_token, audience: 'expenses-api' });
  return {
    kid: decodeProtectedHeader(token).kid,
    status: (await platform.get(platform.api, '/expenses', token)).status,
  };
}

describe('the keys of a broker that mints and runs', () => {
  it(
    verifies(
      ['tb:mint', 'op:secrets'],
      'a new one is published before it signs, and an API that knew the old takes both',
    ),
    async () => {
      const subject = await platform.login();
      const old = await mint(subject);
      expect([old.status, await published()]).toEqual([200, [old.kid]]);

      await writeFile(platform.keyFile('two.pem'), newKeyPem(), { mode: 0o600 });
      await change(keys('two.pem', 'one.pem'));
      const [fresh] = await published();
      expect(await published()).toEqual([fresh, old.kid]);
      expect((await mint(await platform.login())).kid).toBe(old.kid);

      await expect
        .poll(async () => (await mint(await platform.login())).kid, { timeout: 15_000 })
        .toBe(fresh);
      expect(await mint(await platform.login())).toEqual({ kid: fresh, status: 200 });

      // What was cached under the old key is not given out any more.
      await change(keys('two.pem'));
      expect([await published(), await mint(subject)]).toEqual([[fresh], { kid: fresh, status: 200 }]);
    },
  );

  it(
    verifies(['tb:mint', 'op:secrets'], 'one that cannot be used is logged, and what was in use stays'),
    async () => {
      const before = await published();
      await writeFile(platform.keyFile('bad.pem'), 'no key', { mode: 0o600 });
      const line = await change(keys('bad.pem', 'two.pem'), refused);
      expect(line).toContain('mint.keys.0: must be a private P-256 or Ed25519 key in PEM');
      await writeFile(platform.keyFile('open.pem'), newKeyPem());
      await chmod(platform.keyFile('open.pem'), 0o644);
      expect(await change(keys('open.pem'), refused)).toContain('is open to everybody on this machine');
      expect([await published(), (await mint(await platform.login())).status]).toEqual([before, 200]);
    },
  );
});

describe('the register of a broker that runs', () => {
  const clash = () => {
    const { resources } = platform.brokerConfig as { resources: readonly object[] };
    const twin = {
      uri: 'https://other.example/mcp',
      audiences: ['api://expenses'],
      owner: 'orchestrator',
      tenants: ['acme'],
    };
    return { ...keys('two.pem'), resources: [...resources, twin] };
  };

  it(
    verifies('tb:resource-registry', 'keeps what it had when a name is registered twice, and says which'),
    async () => {
      const line = await change(clash(), refused);
      expect(line).toContain('resources.2: api://expenses is registered already, by resources.1');
      expect((await mint(await platform.login())).status).toBe(200);
      await change(keys('two.pem'));
    },
  );

  it(
    verifies(
      'tb:resource-registry',
      'takes a resource away while it runs: its tokens are refused from then on',
    ),
    async () => {
      const [mcp] = (platform.brokerConfig as { resources: readonly object[] }).resources;
      const subject_token = await platform.login();
      expect((await mint(subject_token)).status).toBe(200);
      await change({ ...keys('two.pem'), resources: [{ ...mcp, targets: [] }] });
      const form = {
        grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
        subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      };
      const { status, body } = await platform.ask('mcp-server', {
        ...form,
        subject_token,
        audience: 'expenses-api',
      });
      expect([status, JSON.parse(body).error]).toEqual([400, 'invalid_target']);
      await change(keys('two.pem'));
    },
  );

  it(
    verifies('tb:resource-registry', 'does not start with a clash: exit code 2 and the setting'),
    async () => {
      const config = { ...platform.brokerConfig, ...clash(), listen: { port: 0 } };
      const failed = startApp({ app: 'broker', config });
      await expect(failed).rejects.toThrow(
        'resources.2: api://expenses is registered already, by resources.1',
      );
      expect(await readFile(platform.broker.file, 'utf8')).not.toContain('other.example');
    },
  );
});

import { decodeJwt, decodeProtectedHeader, type JWTPayload } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type EntraDouble, startEntraDouble } from './double.ts';
import { entraIds, exampleEntraDirectory } from './example-directory.ts';
import type { MintUserToken } from './mint.ts';

/** Users by how many groups they are in. */
const sizes = [5, 6, 200, 201];
const userWith = (groups: number) => `oid-${groups}`;
let entra: EntraDouble;

beforeAll(async () => {
  const [tenant] = exampleEntraDirectory().tenants;
  if (tenant === undefined) throw new Error('The example directory has no tenant.');
  const users = sizes.map((size) => ({
    oid: userWith(size),
    upn: `user-${size}@acme.example`,
    name: 'User',
    groups: Array.from({ length: size }, (_, index) => `group-${index}`),
  }));
  entra = await startEntraDouble({
    directory: { tenants: [{ ...tenant, users: [...tenant.users, ...users] }] },
    http: true,
    issuerOrigins: { v1: 'https://sts.windows.net', v2: 'https://login.microsoftonline.com' },
  });
});

afterAll(() => entra.close());

const token = (request: Partial<MintUserToken>) =>
  entra.mintUserToken({ user: entraIds.alice, app: entraIds.mcpServer, ...request });

const claimsOf = async (request: Partial<MintUserToken>): Promise<JWTPayload> =>
  decodeJwt(await token(request));

describe('access tokens of the Entra double', () => {
  it('are v2.0 with the GUID as audience for an API that accepts 2', async () => {
    expect(await claimsOf({ client: entraIds.desktopClient, scopes: ['expenses:read'] })).toMatchObject({
      aud: entraIds.mcpServer,
      iss: `https://login.microsoftonline.com/${entraIds.tenant}/v2.0`,
      azp: entraIds.desktopClient,
      azpacr: '0',
      scp: 'expenses:read',
      roles: ['employee'],
      preferred_username: 'alice@acme.example',
      ver: '2.0',
    });
  });

  it('are v1.0 with the identifier URI as audience for an API that accepts 1', async () => {
    const jwt = await token({ version: 1 });
    expect(decodeJwt(jwt)).toMatchObject({
      aud: 'api://mcp-server',
      iss: `https://sts.windows.net/${entraIds.tenant}/`,
      appid: entraIds.mcpServer,
      appidacr: '0',
      upn: 'alice@acme.example',
      amr: ['pwd'],
      ver: '1.0',
    });
    const header = decodeProtectedHeader(jwt);
    expect([header.typ, header.x5t]).toEqual(['JWT', header.kid]);
  });

  it('name the same user by another sub in each application, and by the same oid', async () => {
    const [mcp, legacy] = [await claimsOf({}), await claimsOf({ app: entraIds.legacyApi })];
    expect(mcp.oid).toBe(legacy.oid);
    expect(mcp.sub).not.toBe(legacy.sub);
  });

  it('list groups up to 200 and point to Graph above', async () => {
    expect((await claimsOf({ user: userWith(200) })).groups).toHaveLength(200);
    const overage = await claimsOf({ user: userWith(201) });
    expect(overage).not.toHaveProperty('groups');
    expect(overage._claim_names).toEqual({ groups: 'src1' });
  });

  it('say hasgroups instead from six groups on in the implicit flow', async () => {
    expect((await claimsOf({ implicit: true, user: userWith(5) })).groups).toHaveLength(5);
    const overage = await claimsOf({ implicit: true, user: userWith(6) });
    expect([overage.hasgroups, overage.groups]).toEqual([true, undefined]);
  });
});

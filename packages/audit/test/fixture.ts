import { freezeGrant } from '@mcp-obo/grant';

/** A token that nobody signed. */
export const jwt = 'eyJhbGciOiJSUzI1NiIsInR5cCI6ImF0K2p3dCJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl';

/** Alice of acme, called for by an agent through the MCP server. */
export const aliceGrant = freezeGrant({
  issuer: 'https://idp.example/acme',
  tenant: 'acme',
  profile: 'generic',
  subject: 'u-alice',
  user: { issuer: 'https://idp.example/acme', key: 'u-alice' },
  client: 'inspector',
  tokenId: 't-1',
  session: 's-1',
  scopes: ['expenses:write', 'mcp:tools:execute'],
  roles: ['employee'],
  groups: [],
  groupsOverage: false,
  audience: ['https://mcp.example/mcp'],
  issuedAt: 1_800_000_000,
  expiresAt: 1_800_000_300,
  amr: [],
  act: { sub: 'mcp-server', iss: 'https://idp.example/acme', act: { sub: 'agent' } },
  tokenHash: 'hash',
  claims: { secret_claim: 'not for the audit' },
});

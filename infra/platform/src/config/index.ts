export { tenantRealms } from '../idp/keycloak.ts';
export { makeSecrets } from '../secrets.ts';
export { brokerConfig } from './broker.ts';
export { downstreamApiConfig, peopleSeed } from './downstream-api.ts';
export { mcpServerConfig } from './mcp-server.ts';
export type { World } from './world.ts';

export { type Authority, type Certificate, createAuthority } from '@mcp-obo/testbed/authority';
export { type EdgeSettings, renderEdge } from './edge.ts';
export { type RunFolder, writeRunFolder } from './run-folder.ts';
export { type Compose, type ComposeOptions, startCompose } from './start-compose.ts';

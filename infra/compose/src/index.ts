export { type Authority, type Certificate, createAuthority } from './authority.ts';
export { type EdgeSettings, renderEdge } from './edge.ts';

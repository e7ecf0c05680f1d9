export { type BearerChallenge, bearerChallenge } from './challenge.ts';
export { parseResource, protectedResourceMetadataUrl } from './resource.ts';

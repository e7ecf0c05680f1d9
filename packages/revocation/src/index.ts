export { createMemoryRevocations, type MemoryRevocationsOptions } from './memory-list.ts';
export {
  createMemoryObtained,
  type MemoryObtainedOptions,
  type ObtainedToken,
  type ObtainedTokens,
} from './obtained.ts';
export { longestBlindness, refuseOutdated } from './outdated.ts';
export {
  type Revocation,
  type RevocationEntry,
  type RevocationTimes,
  revocationEntry,
} from './revocation.ts';
export type { RevocationList } from './revocation-list.ts';
export { nothingRevoked, type RevocationView } from './view.ts';

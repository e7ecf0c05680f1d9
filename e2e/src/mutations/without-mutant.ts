import type { RequirementId } from '../../requirements.ts';

/** Requirements of the resource server, the scopes and the broker that no mutant breaks, each with its reason. */
export const withoutMutant: Readonly<Partial<Record<RequirementId, string>>> = {
  'rs:dpop': 'Not built yet.',
  'rs:mtls': 'Not built yet.',
  'sc:sequence': 'Not built yet.',
  'sc:dynamic': 'Not built yet.',
  'sc:attestation': 'Not built yet.',
};

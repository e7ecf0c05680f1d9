import type { RequirementId } from '../../requirements.ts';

/** Requirements of the resource server, the scopes and the broker that no mutant breaks, each with its reason. */
export const withoutMutant: Readonly<Partial<Record<RequirementId, string>>> = {
  'rs:introspection': 'Not built yet.',
  'rs:dpop': 'Not built yet.',
  'rs:mtls': 'Not built yet.',
  'rs:revoked': 'Its mutants follow the code of the revocation list.',
  'rs:revocation-view': 'Its mutants follow the code of the revocation list.',
  'sc:approval': 'Not built yet.',
  'sc:sequence': 'Not built yet.',
  'sc:dynamic': 'Not built yet.',
  'sc:attestation': 'Not built yet.',
  'tb:upstream-idjag': 'Not built yet.',
  'tb:mint': 'Not built yet.',
  'tb:resource-registry': 'Not built yet.',
};

import type { RequirementId } from './requirements.ts';

/** Requirements that are not met yet, each with its reason. An id stands here or is proved by tests, never both. */
export const gaps: Readonly<Partial<Record<RequirementId, string>>> = {
  'rs:dpop': 'A bound token is refused (rs:cnf) until proofs are checked.',
  'rs:mtls': 'A bound token is refused (rs:cnf) until certificates are checked.',
  'sc:sequence': 'The decision takes the history; no store keeps it yet.',
  'sc:dynamic': 'A session cannot be narrowed by its client yet.',
  'sc:attestation': 'How a client authenticated is not evaluated yet.',
  'op:rate-refresh': 'The platform sees no refresh requests of its clients.',
  'op:lockout': 'Failed authentications are counted, not blocked.',
  'op:tool-integrity': 'Tool definitions are not pinned.',
  'op:output': 'Tool output is structured; it is not bounded or stripped.',
  'op:doctor': 'No doctor command.',
  'op:anomaly': 'No thresholds on the metrics.',
  'op:cert-expiry': 'No metric of certificate age.',
  'op:evidence': 'The requirement table is written; the report with attacks and traces is not.',
};

/** Requirements that tests prove but for what is said here; the table shows them as met in part. */
export const partly: Readonly<Partial<Record<RequirementId, string>>> = {
  'op:federation':
    'By OIDC the second factor becomes `acr`; by SAML it does not, as Keycloak has no mapper for it.',
  'cl:storage': 'Shown with the keychain of a Linux desktop; those of macOS and Windows are not tried.',
};

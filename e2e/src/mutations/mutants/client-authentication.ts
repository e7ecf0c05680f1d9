import type { Mutant } from '../mutant.ts';

const clientAuth = 'apps/broker/src/client-auth';

/** Rules about who a client of the broker is (tb). */
export const clientAuthentication: readonly Mutant[] = [
  {
    name: 'assertion-for-anybody',
    breaks: ['tb:client-auth'],
    file: `${clientAuth}/private-key-jwt.ts`,
    find: "if (typeof aud !== 'string' || !audiences.includes(aud)) refused('assertion_audience');",
    replace: '',
  },
  {
    name: 'assertion-replayed',
    breaks: ['tb:client-auth'],
    file: `${clientAuth}/replay-guard.ts`,
    find: 'if (seen.has(key)) return false;',
    replace: 'if (seen.has(key)) return true;',
  },
  {
    name: 'any-client-secret',
    breaks: ['tb:client-auth'],
    file: `${clientAuth}/client-secret.ts`,
    find: "return hashes.filter((known) => timingSafeEqual(given, Buffer.from(known, 'hex'))).length > 0;",
    replace: 'return given.length > 0 && hashes.length > 0;',
  },
  {
    name: 'certificate-that-nobody-signed',
    breaks: ['tb:client-auth'],
    file: `${clientAuth}/tls-client-auth.ts`,
    find: "if (!presented.trusted) refused('certificate_untrusted');",
    replace: '',
  },
  {
    name: 'certificate-of-any-name',
    breaks: ['tb:client-auth'],
    file: `${clientAuth}/tls-client-auth.ts`,
    find: "if (!hasName(presented.certificate, name)) refused('certificate_name');",
    replace: '',
  },
  {
    name: 'workload-token-for-another-service',
    breaks: ['tb:client-auth'],
    file: `${clientAuth}/workload-token.ts`,
    find: "if (others.length > 0 || !audiences.includes(audience ?? '')) refused('assertion_audience');",
    replace: '',
  },
  {
    name: 'workload-token-of-any-account',
    breaks: ['tb:client-auth'],
    file: `${clientAuth}/workload-token.ts`,
    find: 'return bound?.namespace === namespace && bound.serviceaccount?.name === serviceAccount',
    replace: 'return bound?.namespace === namespace || bound?.serviceaccount?.name === serviceAccount',
  },
];

import { verifies } from '@mcp-obo/testbed/verifies';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { callerAuth } from './credentials.ts';

const keys = { keys: [{ kty: 'EC', crv: 'P-256', x: 'x', y: 'y' }] };
const pod = {
  method: 'kubernetes',
  issuer: 'https://cluster.example',
  namespace: 'mcp',
  service_account: 'server',
};
const schema = callerAuth({ read: () => '' });

function problemsOf(auth: object): readonly string[] {
  const { error } = z.safeParse(schema, auth);
  return error?.issues.map(({ path, message }) => [...path.map(String), message].join(': ')) ?? [];
}

describe('how a caller proves itself', () => {
  it.each([
    ['a subject', { method: 'tls_client_auth', subject_dn: 'CN=mcp-server,O=Acme\\, Inc.,C=DE' }],
    ['a service account', { ...pod, jwks: keys }],
    [
      'a SPIFFE id',
      {
        method: 'spiffe',
        id: 'spiffe://acme.example/mcp',
        bundle: { keys: [{ ...keys.keys[0], use: 'jwt-svid' }] },
      },
    ],
  ])(verifies('tb:client-auth', 'can be %s'), (_case, auth) => {
    expect(problemsOf(auth)).toEqual([]);
  });

  it.each([
    ['a certificate of no name', { method: 'tls_client_auth' }, /exactly one of subject_dn/],
    [
      'a certificate of two names',
      { method: 'tls_client_auth', san_dns: 'a.example', subject_dn: 'CN=a' },
      /exactly one of subject_dn/,
    ],
    [
      'a subject that is none',
      { method: 'tls_client_auth', subject_dn: 'mcp-server' },
      /must be a name such as/,
    ],
    [
      'a certificate that is none',
      { method: 'self_signed_tls_client_auth', certificates: { value: 'x' } },
      /as PEM/,
    ],
    ['a cluster without keys', pod, /either jwks or jwks_uri/],
    [
      'a cluster with keys at two places',
      { ...pod, jwks: keys, jwks_uri: 'https://cluster.example/keys' },
      /and not both/,
    ],
    ['every account of a namespace', { ...pod, jwks: keys, service_account: '*' }, /name of Kubernetes/],
    ['a token that lives for days', { ...pod, jwks: keys, max_lifetime: 864_000 }, /max_lifetime/],
    [
      'a whole trust domain',
      { method: 'spiffe', id: 'spiffe://acme.example', bundle: keys },
      /must be a SPIFFE id/,
    ],
    [
      'a bundle that signs no JWT-SVIDs',
      { method: 'spiffe', id: 'spiffe://acme.example/mcp', bundle: keys },
      /no key of use jwt-svid/,
    ],
  ])(verifies('tb:client-auth', 'cannot be %s'), (_case, auth, problem) => {
    expect(problemsOf(auth).join('\n')).toMatch(problem);
  });
});

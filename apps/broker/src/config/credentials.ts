import { createPrivateKey, hash, type KeyObject, X509Certificate } from 'node:crypto';
import { endpointSetting } from '@mcp-obo/config';
import { z } from 'zod';
import { parseDistinguishedName } from '../client-auth/distinguished-name.ts';
import { type ConfigFiles, oneOrMore, textSetting } from './secrets.ts';

const jwk = z.looseObject({ kty: z.enum(['RSA', 'EC', 'OKP'], 'must be RSA, EC or OKP') });
const jwks = z.strictObject({ keys: z.array(jwk).min(1) });

/** How a caller proves itself to the broker. Of its secrets only hashes are kept. */
export function callerAuth(files: ConfigFiles) {
  return z.discriminatedUnion('method', [
    z.strictObject({
      method: z.literal('private_key_jwt'),
      /** Public keys: a JWK set, or `{ file }` with one. */
      jwks: z.union([jwks, textSetting(files).transform(parseJwks)]),
      /** Longest accepted life of an assertion, seconds. */
      max_lifetime: z.number().int().positive().max(600).default(300),
      /** Accepts an assertion again within its life, as MSAL sends one for ten minutes; weaker, so off. */
      allow_reuse: z.boolean().default(false),
    }),
    z.strictObject({
      method: z.literal('client_secret'),
      /** One secret, or several while they are rotated. Use long random ones: they are hashed, not stretched. */
      secret: oneOrMore(secretHash(files)),
    }),
    z
      .strictObject({
        method: z.literal('tls_client_auth'),
        /** The one name that its certificate has (RFC 8705 §2.1.2). RFC 4514: `CN=mcp-server,O=Acme`. */
        subject_dn: z
          .string()
          .refine(
            (text) => parseDistinguishedName(text) !== undefined,
            'must be a name such as CN=mcp-server,O=Acme',
          )
          .optional(),
        san_dns: z.string().min(1).optional(),
        san_uri: z.string().min(1).optional(),
        san_ip: z.string().min(1).optional(),
        san_email: z.string().min(1).optional(),
      })
      .refine(
        ({ method: _method, ...names }) =>
          Object.values(names).filter((name) => name !== undefined).length === 1,
        'needs exactly one of subject_dn, san_dns, san_uri, san_ip, san_email',
      ),
    z.strictObject({
      method: z.literal('self_signed_tls_client_auth'),
      /** Its certificates, PEM; several while they are rotated. Nobody has to have signed them. */
      certificates: textSetting(files).transform(parseCertificates),
    }),
    z
      .strictObject({
        method: z.literal('kubernetes'),
        /** Exact `iss` of the cluster's tokens (`--service-account-issuer`). */
        issuer: z.string().min(1),
        /** Public keys of the cluster: a JWK set, or `{ file }` with one. */
        jwks: z.union([jwks, textSetting(files).transform(parseJwks)]).optional(),
        /** Or where they are. */
        jwks_uri: endpointSetting.optional(),
        namespace: kubernetesName,
        service_account: kubernetesName,
        /** Longest accepted life of a token, seconds. */
        max_lifetime: z.number().int().positive().max(86_400).default(3600),
      })
      .refine(
        (auth) => (auth.jwks === undefined) !== (auth.jwks_uri === undefined),
        'needs either jwks or jwks_uri, and not both',
      ),
    z.strictObject({
      method: z.literal('spiffe'),
      /** Its SPIFFE id. */
      id: z
        .string()
        .regex(
          /^spiffe:\/\/[a-z0-9._-]+\/[\w./-]+$/,
          'must be a SPIFFE id, e.g. spiffe://acme.example/mcp-server',
        ),
      /** Bundle of its trust domain: a JWK set with the keys of use `jwt-svid`, or `{ file }` with one. */
      bundle: z
        .union([jwks, textSetting(files).transform(parseJwks)])
        .refine(({ keys }) => keys.some(({ use }) => use === 'jwt-svid'), 'has no key of use jwt-svid'),
      /** Longest accepted life of a JWT-SVID, seconds. */
      max_lifetime: z.number().int().positive().max(3600).default(300),
    }),
  ]);
}

const kubernetesName = z
  .string()
  .regex(/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/, 'must be a name of Kubernetes');

/** What the broker shows an issuer for one caller: that caller's own registration. */
export function upstreamCredential(files: ConfigFiles) {
  const [basic, post, key, federated] = registrations(files);
  const at = { issuer: z.string().min(1) };
  return z.discriminatedUnion('method', [
    basic.extend(at),
    post.extend(at),
    key.extend(at),
    federated.extend(at),
  ]);
}

/** A registration at the issuer that the setting belongs to. */
export function registrationSetting(files: ConfigFiles) {
  return z.discriminatedUnion('method', registrations(files));
}

/** The ways in which a registration of ours proves itself. */
function registrations(files: ConfigFiles) {
  const common = { client_id: z.string().min(1) };
  const secret = textSetting(files);
  return [
    z.strictObject({ ...common, method: z.literal('client_secret_basic'), secret }),
    z.strictObject({ ...common, method: z.literal('client_secret_post'), secret }),
    z.strictObject({
      ...common,
      method: z.literal('private_key_jwt'),
      /** PEM. */
      key: secret.transform(parsePrivateKey),
      kid: z.string().optional(),
      /** By the key when absent. */
      alg: z.enum(['PS256', 'RS256', 'ES256', 'ES384', 'EdDSA']).optional(),
      /** Certificate in PEM whose thumbprint goes into `x5t#S256` (Entra). */
      certificate: secret.transform(parseThumbprint).optional(),
    }),
    z.strictObject({
      ...common,
      method: z.literal('federated_assertion'),
      /** Read anew for each use: a projected token is rotated in place. */
      assertion_file: z.string().min(1),
    }),
  ] as const;
}

/** `{ file }` or `{ value }` is hashed here; `{ sha256 }` is the hash already, in lower-case hex. */
export function secretHash(files: ConfigFiles) {
  const given = z.strictObject({
    sha256: z.string().regex(/^[0-9a-f]{64}$/, 'must be a SHA-256 in lower-case hex'),
  });
  return z.union([
    given.transform(({ sha256 }) => sha256),
    textSetting(files).transform((secret) => hash('sha256', secret, 'hex')),
  ]);
}

function parseJwks(text: string, context: z.RefinementCtx): z.output<typeof jwks> {
  try {
    return jwks.parse(JSON.parse(text));
  } catch {
    context.addIssue('the file is no JWK set of public RSA, EC or OKP keys (RFC 7517 §5)');
    return z.NEVER;
  }
}

/** DER of each certificate. */
function parseCertificates(text: string, context: z.RefinementCtx): readonly Buffer[] {
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  try {
    if (blocks.length > 0) return blocks.map((block) => new X509Certificate(block).raw);
  } catch {
    // Said below, as for a text without any.
  }
  context.addIssue('must hold certificates as PEM');
  return z.NEVER;
}

function parsePrivateKey(text: string, context: z.RefinementCtx): KeyObject {
  try {
    return createPrivateKey(text);
  } catch {
    context.addIssue('is no private key in PEM without a passphrase');
    return z.NEVER;
  }
}

/** SHA-256 of the certificate's DER, base64url (RFC 7515 §4.1.8). */
function parseThumbprint(text: string, context: z.RefinementCtx): string {
  try {
    return hash('sha256', new X509Certificate(text).raw, 'base64url');
  } catch {
    context.addIssue('is no certificate in PEM');
    return z.NEVER;
  }
}

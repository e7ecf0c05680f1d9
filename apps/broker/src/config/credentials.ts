import { createPrivateKey, hash, type KeyObject, X509Certificate } from 'node:crypto';
import { z } from 'zod';
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
  ]);
}

/** What the broker shows an issuer for one caller: that caller's own registration. */
export function upstreamCredential(files: ConfigFiles) {
  const common = { issuer: z.string().min(1), client_id: z.string().min(1) };
  const secret = textSetting(files);
  return z.discriminatedUnion('method', [
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
  ]);
}

/** `{ file }` or `{ value }` is hashed here; `{ sha256 }` is the hash already, in lower-case hex. */
function secretHash(files: ConfigFiles) {
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

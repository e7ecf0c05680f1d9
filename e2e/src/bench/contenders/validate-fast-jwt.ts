import { createPublicKey } from 'node:crypto';
import { createVerifier } from 'fast-jwt';
import type { ValidationData } from '../measurements/validation.ts';
import { serveLoop, startData } from './loop.ts';

const { issuer, audience, jwks, tokens, subject, cache } = startData<ValidationData>();
const [key = {}] = jwks.keys;
// Its fastest way: one fixed key, no look-up by kid, no promise.
const verify = createVerifier({
  key: createPublicKey({ key, format: 'jwk' }).export({ type: 'spki', format: 'pem' }),
  algorithms: ['RS256'],
  allowedIss: issuer,
  allowedAud: audience,
  checkTyp: 'at+jwt',
  requiredClaims: ['sub', 'exp', 'iat', 'jti', 'client_id'],
  clockTolerance: 30_000,
  cache,
});
serveLoop({
  call: (index) => verify(tokens[index % tokens.length] ?? ''),
  isRight: (claims) => (claims as { sub: string }).sub === subject,
});

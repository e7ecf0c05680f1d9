import { createLocalJWKSet, type JWTVerifyResult, jwtVerify } from 'jose';
import type { ValidationData } from '../measurements/validation.ts';
import { serveLoop, startData } from './loop.ts';

const { issuer, audience, jwks, tokens, subject } = startData<ValidationData>();
const keys = createLocalJWKSet(jwks);
const options = {
  issuer,
  audience,
  typ: 'at+jwt',
  algorithms: ['RS256'],
  clockTolerance: 30,
  requiredClaims: ['sub', 'exp', 'iat', 'jti', 'client_id'],
};
serveLoop({
  call: (index) => jwtVerify(tokens[index % tokens.length] ?? '', keys, options),
  isRight: (result) => (result as JWTVerifyResult).payload.sub === subject,
});

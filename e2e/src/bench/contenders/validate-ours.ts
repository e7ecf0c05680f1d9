import { createValidator, type Validator } from '@mcp-obo/validator';
import type { ValidationData } from '../measurements/validation.ts';
import { serveLoop, startData } from './loop.ts';

const { issuer, audience, jwks, tokens, subject, cache } = startData<ValidationData>();
const validator = createValidator({
  issuers: [{ issuer, tenant: 'acme', profile: 'generic', audiences: [audience], jwksUri: `${issuer}/jwks` }],
  fetch: async () => Response.json(jwks),
  ...(cache ? {} : { cache: false as const }),
});
serveLoop({
  call: (index) =>
    validator.validate({
      scheme: 'Bearer',
      token: tokens[index % tokens.length] ?? '',
      method: 'POST',
      url: audience,
    }),
  isRight: (grant) => (grant as Awaited<ReturnType<Validator['validate']>>).subject === subject,
});

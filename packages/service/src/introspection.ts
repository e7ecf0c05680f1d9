import { endpointSetting, secretTextSetting } from '@mcp-obo/config';
import { z } from 'zod';

/** How an issuer is asked about tokens (RFC 7662). */
export const introspectionSetting = z.strictObject({
  endpoint: endpointSetting,
  /** The registration of this process at the issuer. */
  client_id: z.string().min(1),
  client_secret: secretTextSetting,
  /** Tokens that are no JWT, or JWTs beside the check of their signature. */
  tokens: z.enum(['opaque', 'jwt']).default('opaque'),
  /** Longest time an answer is used, seconds; 0 asks each time. */
  max_age: z.coerce.number().int().min(0).default(30),
});

/** The setting by the names of `@mcp-obo/validator`. */
export function introspectionOf(setting: z.output<typeof introspectionSetting>) {
  const { endpoint, client_id: clientId, client_secret: clientSecret, tokens, max_age: maxAge } = setting;
  return { endpoint, clientId, clientSecret, tokens, maxAge };
}

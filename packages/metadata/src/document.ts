import { z } from 'zod';
import { parseIssuer } from './issuer.ts';
import { isSecureOrLoopback, parseResource } from './resource.ts';

/** What a server says about itself as a protected resource (RFC 9728 §2). */
export interface ProtectedResourceOptions {
  /** The resource identifier, published byte for byte. Configured, never taken from a request. */
  readonly resource: string;
  /** Issuers, byte for byte as their own metadata spells them; clients compare and prefer the first. */
  readonly authorizationServers: readonly string[];
  /** The fewest scopes a first login needs. Clients without a better hint ask for all that stand here. */
  readonly scopesSupported: readonly string[];
  /** Name for people. */
  readonly resourceName?: string;
  /** Page for developers. */
  readonly resourceDocumentation?: string;
  readonly resourcePolicyUri?: string;
  readonly resourceTosUri?: string;
  /** True when every token must be bound to a DPoP key (RFC 9449 §5.1). */
  readonly dpopBoundAccessTokensRequired?: boolean;
  /** JWS algorithms that are accepted for DPoP proofs; absent when DPoP is not offered. */
  readonly dpopSigningAlgValuesSupported?: readonly string[];
  /** True when certificate-bound tokens are offered (RFC 8705 §3.3). */
  readonly tlsClientCertificateBoundAccessTokens?: boolean;
}

/** The document of RFC 9728 §2, members as on the wire. */
export interface ProtectedResourceMetadata {
  readonly resource: string;
  readonly authorization_servers: readonly string[];
  readonly scopes_supported: readonly string[];
  readonly bearer_methods_supported: readonly ['header'];
  readonly resource_name?: string;
  readonly resource_documentation?: string;
  readonly resource_policy_uri?: string;
  readonly resource_tos_uri?: string;
  readonly dpop_bound_access_tokens_required: boolean;
  readonly dpop_signing_alg_values_supported?: readonly string[];
  readonly tls_client_certificate_bound_access_tokens: boolean;
}

/**
 * The metadata of a protected resource. Tokens are taken from the header alone, so that is the only method
 * listed (RFC 9700 §4.3.2).
 *
 * @throws TypeError that names every option at fault: a resource or issuer that is not one, no scope at all
 *   (clients would then ask for every scope of the authorization server), `offline_access` (refresh tokens
 *   are a matter between client and authorization server), an unknown option.
 */
export function protectedResourceMetadata(options: ProtectedResourceOptions): ProtectedResourceMetadata {
  const parsed = optionsSchema.safeParse(options);
  if (!parsed.success) {
    throw new TypeError(`Protected resource metadata cannot be built:\n${z.prettifyError(parsed.error)}`);
  }
  const o = parsed.data;
  return Object.freeze({
    resource: o.resource,
    authorization_servers: o.authorizationServers,
    scopes_supported: o.scopesSupported,
    bearer_methods_supported: ['header'] as const,
    ...present('resource_name', o.resourceName),
    ...present('resource_documentation', o.resourceDocumentation),
    ...present('resource_policy_uri', o.resourcePolicyUri),
    ...present('resource_tos_uri', o.resourceTosUri),
    dpop_bound_access_tokens_required: o.dpopBoundAccessTokensRequired,
    ...present('dpop_signing_alg_values_supported', o.dpopSigningAlgValuesSupported),
    tls_client_certificate_bound_access_tokens: o.tlsClientCertificateBoundAccessTokens,
  });
}

/** A string that `parse` returns; what it throws becomes the message. */
function parsedBy(parse: (value: string) => string) {
  return z.string().check((context) => {
    try {
      parse(context.value);
    } catch (error) {
      context.issues.push({ code: 'custom', input: context.value, message: (error as Error).message });
    }
  });
}

const unique = (values: readonly string[]) => new Set(values).size === values.length;

const page = z
  .string()
  .refine((url) => URL.canParse(url) && isSecureOrLoopback(new URL(url)), 'must be an https URL');

/** scope-token of RFC 6749 §3.3. */
const scopeToken = z
  .string()
  .regex(/^[\x21\x23-\x5b\x5d-\x7e]+$/, 'must be a scope token (RFC 6749 §3.3)')
  .refine(
    (scope) => scope !== 'offline_access',
    'must not be offered by a resource: leave offline_access to the client',
  );

const optionsSchema = z.strictObject({
  resource: parsedBy(parseResource),
  authorizationServers: z
    .array(parsedBy(parseIssuer))
    .min(1, 'must name an issuer')
    .refine(unique, 'must not repeat an issuer')
    .readonly(),
  scopesSupported: z
    .array(scopeToken)
    .min(1, 'must name a scope, or clients ask for every scope of the authorization server')
    .refine(unique, 'must not repeat a scope')
    .readonly(),
  resourceName: z.string().min(1).optional(),
  resourceDocumentation: page.optional(),
  resourcePolicyUri: page.optional(),
  resourceTosUri: page.optional(),
  dpopBoundAccessTokensRequired: z.boolean().default(false),
  dpopSigningAlgValuesSupported: z
    .array(z.string().regex(/^(?:[RPE]S(?:256|384|512)|EdDSA|Ed25519|ML-DSA-\d+)$/, 'must be asymmetric'))
    .min(1)
    .readonly()
    .optional(),
  tlsClientCertificateBoundAccessTokens: z.boolean().default(false),
});

function present<K extends string, V>(name: K, value: V | undefined): Partial<Record<K, V>> {
  return value === undefined ? {} : ({ [name]: value } as Record<K, V>);
}

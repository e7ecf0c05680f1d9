import { settingProblem } from '@mcp-obo/config';
import { z } from 'zod';

const text = z.string().min(1);
const secret = z.record(z.string(), z.unknown());

/** One MCP server, one issuer, one target: what plain variables can say. `docs/configuration.md` is held against it. */
export const singleServer = z.strictObject({
  issuer: text,
  tenant: text.default('default'),
  profile: text.optional(),
  jwks_uri: text.optional(),
  resource: text,
  client: text.default('mcp-server'),
  client_secret: secret.optional(),
  client_jwks: secret.optional(),
  upstream_client: text,
  upstream_secret: secret,
  target: text.default('api'),
  target_audience: text,
  /** Separated by spaces; the policy allows all of them to users of the tenant. */
  target_scopes: text,
});

/** Sections that `single` stands for. */
const singleSections = ['issuers', 'clients', 'resources', 'targets', 'policy'];

/** What is said of a section that is not there. */
export function missingSection(name: string): string {
  return singleSections.includes(name)
    ? 'is required; one MCP server alone can be described by OAUTH_ISSUER and the variables beside it'
    : 'is required';
}

/** Puts what `single` says in the place of `issuers`, `clients`, `resources`, `targets` and `policy`. */
export function expandSingle(
  settings: Readonly<Record<string, unknown>>,
  context: z.RefinementCtx,
): Record<string, unknown> {
  const { single: given, ...rest } = settings;
  if (given === undefined) return rest;
  const clashes = singleSections.filter((name) => Object.hasOwn(rest, name));
  if (clashes.length > 0)
    context.addIssue({
      code: 'custom',
      path: ['single'],
      message: `describes one server alone; use it (or its variables) without ${clashes.join(', ')} in the file`,
    });
  const parsed = singleServer.safeParse(given, { error: settingProblem });
  if (parsed.success) return { ...rest, ...sectionsOf(parsed.data) };
  for (const issue of parsed.error.issues)
    context.issues.push({ ...issue, path: ['single', ...issue.path] } as z.core.$ZodRawIssue);
  return z.NEVER;
}

function sectionsOf(one: z.output<typeof singleServer>): Record<string, unknown> {
  const scopes = one.target_scopes.split(/\s+/).filter(Boolean);
  const auth =
    one.client_jwks === undefined
      ? { method: 'client_secret', secret: one.client_secret }
      : { method: 'private_key_jwt', jwks: one.client_jwks };
  const upstream = {
    issuer: one.issuer,
    client_id: one.upstream_client,
    method: 'client_secret_post',
    secret: one.upstream_secret,
  };
  return {
    issuers: [{ tenant: one.tenant, issuer: one.issuer, profile: one.profile, jwks_uri: one.jwks_uri }],
    clients: [{ id: one.client, auth, upstream: [upstream] }],
    resources: [{ uri: one.resource, owner: one.client, tenants: [one.tenant], targets: [one.target] }],
    targets: [{ name: one.target, audience: one.target_audience, scopes }],
    policy: {
      version: 'single',
      rules: [{ clients: [one.client], target: one.target, tenants: [one.tenant], scopes }],
    },
  };
}

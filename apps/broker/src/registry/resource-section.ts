import { resourceUriSetting } from '@mcp-obo/config';
import { z } from 'zod';
import { name } from '../config/identifiers.ts';

/** A protected resource that tokens are exchanged for: an MCP server, or an API that calls on. */
export const resourceSection = z.strictObject({
  /** Its canonical URI, exactly as clients spell it (RFC 8707 §2). */
  uri: resourceUriSetting,
  /** Further spellings of it in `aud` (an Entra application id). */
  audiences: z.array(z.string().min(1)).default([]),
  /** The client that exchanges its tokens; nobody else may. */
  owner: name,
  /** Tenants whose users it serves. */
  tenants: z.array(name).min(1),
  /** Targets it may reach on behalf of them, within the policy. */
  targets: z.array(name).default([]),
});

/** One entry, parsed. */
export type ResourceConfig = z.output<typeof resourceSection>;

/** Every name by which tokens are for the resource. */
export function identifiersOf({ uri, audiences }: ResourceConfig): readonly string[] {
  return [...new Set([uri, ...audiences])];
}

import { hash } from 'node:crypto';
import { formatUserKey, type Grant } from '@mcp-obo/grant';
import type { SdkExtra } from '../call.ts';
import type { InteractionStore } from './interaction-store.ts';

/** How a client can be asked to open a URL: by the answer of 2026-07-28, by the error of 2025-11-25, or not at all. */
export type UrlElicitation = 'input_required' | 'error' | 'none';

export interface ClientCapability {
  /** Notes what a client said of itself when it was initialized: later requests of the 2025 revisions do not. */
  readonly note: (grant: Grant, elicitsUrl: boolean) => Promise<void>;
  readonly of: (grant: Grant, extra: SdkExtra) => Promise<UrlElicitation>;
}

/** As long as a connection of the 2025 revisions may last before its client initializes again. */
const remembered = 24 * 3_600_000;

const capabilitiesKey = 'io.modelcontextprotocol/clientCapabilities';

/** `now` in milliseconds since the epoch. */
export function createClientCapability(store: InteractionStore, now: () => number): ClientCapability {
  const keyOf = ({ issuer, client, user }: Grant) =>
    `client:${hash('sha256', JSON.stringify([issuer, client, user === undefined ? null : formatUserKey(user)]), 'base64url')}`;
  return {
    note: (grant, elicitsUrl) => store.put(keyOf(grant), elicitsUrl ? 'url' : 'none', now() + remembered),
    async of(grant, { mcpReq }) {
      if (mcpReq?.envelope !== undefined)
        return declaresUrl(mcpReq.envelope[capabilitiesKey]) ? 'input_required' : 'none';
      return (await store.get(keyOf(grant))) === 'url' ? 'error' : 'none';
    },
  };
}

/** Whether client capabilities name elicitation by URL (MCP 2025-11-25, Elicitation, Capabilities). */
export function declaresUrl(capabilities: unknown): boolean {
  const elicitation = (capabilities as { elicitation?: { url?: unknown } } | null | undefined)?.elicitation;
  return typeof elicitation?.url === 'object' && elicitation.url !== null;
}

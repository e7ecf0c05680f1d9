import { actorChain } from '@mcp-obo/grant';
import { z } from 'zod';
import { answer, defineTool } from './define-tool.ts';

/** What the server knows of its caller, from the token alone. */
export const whoami = defineTool({
  name: 'whoami',
  title: 'Who am I',
  description: 'Shows what this server knows of you, from your access token alone.',
  tier: 'read-only',
  scopes: [],
  callers: 'both',
  input: z.strictObject({}),
  handle: (_args, { grant }) =>
    answer({
      issuer: grant.issuer,
      tenant: grant.tenant,
      subject: grant.subject,
      user: grant.user?.key ?? null,
      client: grant.client,
      scopes: grant.scopes,
      roles: grant.roles,
      actors: actorChain(grant.act).map(({ sub }) => sub),
      expiresAt: new Date(grant.expiresAt * 1000).toISOString(),
    }),
});

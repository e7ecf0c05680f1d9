import type { default as Provider } from 'oidc-provider';
import { z } from 'zod';
import type { Consents } from '../consents.ts';
import type { Resources, ScopeWords } from '../resources.ts';

type Interaction = Awaited<ReturnType<Provider['interactionDetails']>>;

/** What the library says is missing; scopes that were allowed before are not in it. */
const details = z.object({
  missingOIDCScope: z.array(z.string()).default([]),
  missingResourceScopes: z.record(z.string(), z.array(z.string())).default({}),
});

/** What the consent page lists: the missing scopes, or all of the request when the client forced the page. */
export function askedScopes(
  interaction: Interaction,
  resources: Resources,
): { resource: string; scopes: ScopeWords[] }[] {
  const { missingOIDCScope, missingResourceScopes } = details.parse(interaction.prompt.details);
  const groups = [
    { identifier: '', resource: 'About you', names: missingOIDCScope },
    ...Object.entries(missingResourceScopes).map(([identifier, names]) => ({
      identifier,
      resource: resources.find(identifier)?.name ?? identifier,
      names,
    })),
  ].filter(({ names }) => names.length > 0);
  const asked =
    groups.length > 0 ? groups : [{ identifier: '', resource: 'As before', names: requested(interaction) }];
  return asked.map(({ identifier, resource, names }) => ({
    resource,
    scopes: names.map((name) => resources.words(identifier, name)),
  }));
}

/** Adds what was asked to the grant of this session, and remembers the consent. Returns the grant's id. */
export async function grantAsked(context: {
  readonly provider: Provider;
  readonly interaction: Interaction;
  readonly sub: string;
  readonly client: string;
  readonly consents: Consents;
}): Promise<string> {
  const { provider, interaction, sub, client, consents } = context;
  const { missingOIDCScope, missingResourceScopes } = details.parse(interaction.prompt.details);
  const known =
    interaction.grantId === undefined ? undefined : await provider.Grant.find(interaction.grantId);
  const grant = known ?? new provider.Grant({ accountId: sub, clientId: client });
  if (missingOIDCScope.length > 0) {
    grant.addOIDCScope(missingOIDCScope.join(' '));
    consents.remember(sub, client, '', missingOIDCScope);
  }
  for (const [resource, scopes] of Object.entries(missingResourceScopes)) {
    grant.addResourceScope(resource, scopes.join(' '));
    consents.remember(sub, client, resource, scopes);
  }
  return grant.save();
}

function requested({ params }: Interaction): string[] {
  return typeof params.scope === 'string' ? params.scope.split(' ') : [];
}

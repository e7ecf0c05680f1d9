import { z } from 'zod';
import type { KeycloakAdmin } from './admin.ts';
import { fillPlaceholders, type PlaceholderValue } from './placeholders.ts';
import { readJson } from './realm.ts';

const federation = z.object({
  identityProviders: z.array(z.looseObject({ alias: z.string() })),
  identityProviderMappers: z.array(z.looseObject({ identityProviderAlias: z.string() })),
});
export type Federation = z.infer<typeof federation>;

/**
 * The corporate directory as identity providers of a tenant, by OpenID Connect and by SAML: `realms/federation.json`
 * with its placeholders filled. It can also be merged into a realm that is yet to be made.
 */
export function renderFederation(values: Readonly<Record<string, PlaceholderValue>>): Federation {
  return federation.parse(fillPlaceholders(readJson('federation'), values));
}

/** Puts the directory before a realm that is there already. */
export async function federate(
  admin: Pick<KeycloakAdmin, 'request'>,
  realm: string,
  { identityProviders, identityProviderMappers }: Federation,
): Promise<void> {
  const instances = `${realm}/identity-provider/instances`;
  for (const provider of identityProviders) await admin.request('POST', instances, provider);
  for (const mapper of identityProviderMappers) {
    await admin.request('POST', `${instances}/${mapper.identityProviderAlias}/mappers`, mapper);
  }
}

/** Scopes a user has allowed a client, by resource; `''` stands for the scopes of OpenID Connect itself. */
export type ConsentedScopes = ReadonlyMap<string, ReadonlySet<string>>;

/** What users have allowed clients. Outlives sessions and grants: signing out does not take consent back. */
export interface Consents {
  recall(sub: string, client: string): ConsentedScopes;
  remember(sub: string, client: string, resource: string, scopes: readonly string[]): void;
}

export function createConsents(): Consents {
  const consents = new Map<string, Map<string, Set<string>>>();
  const key = (sub: string, client: string) => JSON.stringify([sub, client]);
  return {
    recall: (sub, client) => consents.get(key(sub, client)) ?? new Map(),
    remember(sub, client, resource, scopes) {
      const byResource = consents.get(key(sub, client)) ?? new Map<string, Set<string>>();
      consents.set(key(sub, client), byResource);
      byResource.set(resource, new Set([...(byResource.get(resource) ?? []), ...scopes]));
    },
  };
}

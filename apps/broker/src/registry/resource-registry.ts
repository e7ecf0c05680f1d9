import { identifiersOf, type ResourceConfig } from './resource-section.ts';

/** The registered resources, by the tokens that are for them. */
export interface ResourceRegistry {
  /** Every name of every resource. */
  readonly audiences: readonly string[];
  /**
   * The resource of this owner that a token with this `aud` is for. All of `aud` must be names of that one resource,
   * or companions that its issuer is known to add (RFC 9700 §2.3).
   */
  readonly ownedBy: (
    owner: string,
    audience: readonly string[],
    companions: Companions,
  ) => ResourceConfig | undefined;
  /** The client that owns the resource of this name. */
  readonly ownerOf: (name: string) => string | undefined;
  /** The same, whoever owns it. */
  readonly named: (audience: readonly string[], companions: Companions) => ResourceConfig | undefined;
}

type Companions = readonly string[];

/** The registry of a configuration, which has been checked: no two resources share a name. */
export function createResourceRegistry(resources: readonly ResourceConfig[]): ResourceRegistry {
  const entries = resources.map((resource) => ({ resource, names: new Set(identifiersOf(resource)) }));
  const byOwner = Map.groupBy(entries, ({ resource }) => resource.owner);

  function find(among: typeof entries, audience: readonly string[], companions: Companions) {
    return among.find(
      ({ names }) =>
        audience.some((one) => names.has(one)) &&
        audience.every((one) => names.has(one) || companions.includes(one)),
    )?.resource;
  }

  const owners = new Map(
    entries.flatMap(({ resource, names }) => [...names].map((name) => [name, resource.owner])),
  );

  return {
    ownerOf: (name) => owners.get(name),
    audiences: [...new Set(resources.flatMap(identifiersOf))],
    ownedBy: (owner, audience, companions) => find(byOwner.get(owner) ?? [], audience, companions),
    named: (audience, companions) => find(entries, audience, companions),
  };
}

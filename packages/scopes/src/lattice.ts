import { isScopeToken } from './scope.ts';

/** For a scope, the scopes that it contains directly. */
export type LatticeData = Readonly<Record<string, readonly string[]>>;

/** What the scopes of MCP contain. `mcp:tools:admin` (approve a changed tool) is in none of them. */
export const mcpLattice: LatticeData = {
  'mcp:tools': ['mcp:tools:read', 'mcp:tools:execute'],
  'mcp:resources': [],
  'mcp:prompts': [],
};

/** A scope that no other scope may contain: it is only ever granted by its own name. */
const neverContained = 'mcp:tools:admin';

/** Which scopes stand for which others. */
export interface Lattice {
  /** True when the granted scopes hold every needed one, by name or inside a wider scope. */
  covers(granted: readonly string[], needed: readonly string[]): boolean;
}

/**
 * The lattice of MCP, widened by an own one for fine scopes, e.g.
 * `{ 'expenses:all': ['expenses:read', 'expenses:write'] }`. Containment is transitive.
 *
 * @throws RangeError when a name is no scope (RFC 6749 §3.3), a scope contains itself, or a scope
 * contains `mcp:tools:admin`.
 */
export function createLattice(extension: LatticeData = {}): Lattice {
  const containers = containersOf(merge(mcpLattice, extension));
  return {
    covers: (granted, needed) =>
      needed.every(
        (scope) => granted.includes(scope) || granted.some((wider) => containers.get(scope)?.has(wider)),
      ),
  };
}

function merge(...lattices: readonly LatticeData[]): ReadonlyMap<string, ReadonlySet<string>> {
  const merged = new Map<string, Set<string>>();
  for (const [scope, parts] of lattices.flatMap(Object.entries<readonly string[]>)) {
    const known = merged.get(scope) ?? new Set<string>();
    for (const part of parts) known.add(part);
    merged.set(scope, known);
  }
  return merged;
}

/** For each scope that is inside others, all of those. */
function containersOf(lattice: ReadonlyMap<string, ReadonlySet<string>>): ReadonlyMap<string, Set<string>> {
  const containers = new Map<string, Set<string>>();
  for (const scope of lattice.keys()) {
    if (!isScopeToken(scope)) throw new RangeError(`Lattice: "${scope}" is no scope (RFC 6749 §3.3).`);
    for (const part of inside(scope, lattice)) {
      const wider = containers.get(part) ?? new Set<string>();
      containers.set(part, wider.add(scope));
    }
  }
  return containers;
}

function inside(scope: string, lattice: ReadonlyMap<string, ReadonlySet<string>>): ReadonlySet<string> {
  const found = new Set<string>(lattice.get(scope));
  for (const part of found) {
    if (!isScopeToken(part)) throw new RangeError(`Lattice: "${part}" is no scope (RFC 6749 §3.3).`);
    if (part === scope) throw new RangeError(`Lattice: "${scope}" contains itself.`);
    if (part === neverContained) throw new RangeError(`Lattice: "${scope}" must not contain "${part}".`);
    for (const next of lattice.get(part) ?? []) found.add(next);
  }
  return found;
}

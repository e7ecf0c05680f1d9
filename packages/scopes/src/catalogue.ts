import type { Operation, Requirement } from './requirement.ts';
import { type Bases, mcpBases, requirementProblems } from './requirement-problems.ts';
import { createUriMatcher } from './uri-template.ts';

/** All requirements of a server. What is not in it does not exist for any caller. */
export interface Catalogue {
  /** In the order they were given. */
  readonly requirements: readonly Requirement[];
  /** The requirement of an operation; a resource is found by its name or by a URI that its template stands for. */
  find(operation: Operation): Requirement | undefined;
  /** The same with the variables of a resource's URI, so that what was decided on is what is read. */
  resolve(operation: Operation): ResolvedOperation | undefined;
  /**
   * The gate of registration: a server calls it for everything it is about to offer.
   *
   * @throws RangeError when the operation has no requirement.
   */
  requirementOf(operation: Operation): Requirement;
}

/** What an operation is, by the catalogue. */
export interface ResolvedOperation {
  readonly requirement: Requirement;
  /** Percent-decoded variables of the URI; empty for tools, prompts and resources without any. */
  readonly variables: Readonly<Record<string, string>>;
}

export interface CatalogueOptions {
  /** Base scopes by kind, when they are not those of MCP. */
  readonly bases?: Bases;
}

/**
 * Checks one requirement where it is written, and freezes it.
 *
 * @throws RangeError that names everything that is wrong with it.
 */
export function defineRequirement(requirement: Requirement, options: CatalogueOptions = {}): Requirement {
  refuseProblems(
    requirementProblems(requirement, options.bases).map((problem) => `${label(requirement)} ${problem}`),
  );
  return Object.freeze({ ...requirement });
}

/**
 * A catalogue of requirements.
 *
 * @throws RangeError that names every entry that is missing, incomplete, misspelled or there twice.
 */
export function createCatalogue(
  requirements: readonly Requirement[],
  options: CatalogueOptions = {},
): Catalogue {
  const bases = options.bases ?? mcpBases;
  refuseProblems([
    ...requirements.flatMap((requirement, index) =>
      requirementProblems(requirement, bases).map((problem) => `${label(requirement, index)} ${problem}`),
    ),
    ...duplicates(requirements),
    ...unknownAlternatives(requirements),
  ]);
  const entries = Object.freeze(requirements.map((requirement) => Object.freeze({ ...requirement })));
  const byKey = new Map(entries.map((entry) => [key(entry), entry]));
  const templates = entries
    .filter(({ kind }) => kind === 'resource')
    .map((requirement) => ({ requirement, match: createUriMatcher(requirement.name) }));
  const resolve = (operation: Operation): ResolvedOperation | undefined => {
    const exact = byKey.get(key(operation));
    if (operation.kind !== 'resource') return exact && { requirement: exact, variables: {} };
    const candidates =
      exact === undefined ? templates : templates.filter(({ requirement }) => requirement === exact);
    for (const { requirement, match } of candidates) {
      const variables = match(operation.name);
      if (variables !== undefined) return { requirement, variables };
    }
    return undefined;
  };
  const find = (operation: Operation) => resolve(operation)?.requirement;

  return Object.freeze({
    requirements: entries,
    find,
    resolve,
    requirementOf: (operation: Operation) => {
      const requirement = find(operation);
      if (requirement !== undefined) return requirement;
      throw new RangeError(
        `The ${operation.kind} "${operation.name}" has no requirement and is not registered.`,
      );
    },
  });
}

function duplicates(requirements: readonly Requirement[]): readonly string[] {
  const seen = new Set<string>();
  return requirements.filter(present).flatMap((requirement) => {
    const known = seen.has(key(requirement));
    seen.add(key(requirement));
    return known ? [`${label(requirement)} is there twice`] : [];
  });
}

function unknownAlternatives(requirements: readonly Requirement[]): readonly string[] {
  const tools = new Set(requirements.filter(present).map(key));
  return requirements
    .filter(present)
    .flatMap((requirement) =>
      (Array.isArray(requirement.instead) ? requirement.instead : [])
        .filter((name) => !tools.has(key({ kind: 'tool', name })))
        .map((name) => `${label(requirement)} names "${name}" in instead, which is no tool here`),
    );
}

function refuseProblems(problems: readonly string[]): void {
  if (problems.length > 0) throw new RangeError(`${problems.join('. ')}.`);
}

function label(requirement: Requirement | undefined, index?: number): string {
  const { kind, name } = present(requirement) ? requirement : { kind: undefined, name: undefined };
  if (typeof name === 'string' && name !== '') return `The ${kind ?? 'operation'} "${name}":`;
  return index === undefined ? 'The operation' : `Entry ${index + 1}`;
}

function present(requirement: Requirement | undefined | null): requirement is Requirement {
  return typeof requirement === 'object' && requirement !== null;
}

function key({ kind, name }: Operation): string {
  return `${kind} ${name}`;
}

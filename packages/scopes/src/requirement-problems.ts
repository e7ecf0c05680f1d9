import type { OperationKind, Requirement } from './requirement.ts';
import { isScopeToken } from './scope.ts';
import { isTierName } from './tier.ts';
import { createUriMatcher } from './uri-template.ts';

/** Base scopes that the operations of a kind can stand on. */
export type Bases = Readonly<Record<OperationKind, readonly string[]>>;

/** The base scopes of MCP. A tool that manages registrations stands on `mcp:tools:admin`. */
export const mcpBases: Bases = {
  tool: ['mcp:tools:execute', 'mcp:tools:admin'],
  resource: ['mcp:resources'],
  prompt: ['mcp:prompts'],
};

type Column = { readonly must: string; readonly accepts: (value: unknown) => boolean };

const scopeList: Column = { must: 'a list of scopes (RFC 6749 §3.3)', accepts: listOf(isScopeToken) };
const wordList: Column = { must: 'a list of words', accepts: listOf(isWord) };

/** One row per member; a member that is not here is a misspelling, and misspelled it would demand nothing. */
const columns: Readonly<Record<keyof Requirement, Column>> = {
  kind: {
    must: '"tool", "resource" or "prompt"',
    accepts: (value) => isWord(value) && Object.hasOwn(mcpBases, value),
  },
  name: { must: 'a name', accepts: isWord },
  base: { must: 'a scope (RFC 6749 §3.3)', accepts: isScopeToken },
  scopes: scopeList,
  tier: { must: 'one of the tiers', accepts: isTierName },
  permissions: optional(wordList),
  callers: optional({
    must: '"user", "machine" or "both"',
    accepts: (value) => value === 'user' || value === 'machine' || value === 'both',
  }),
  forArguments: optional({ must: 'a function', accepts: (value) => typeof value === 'function' }),
  instead: optional(wordList),
};

/** Everything that is wrong with one requirement, a phrase each; none means that it can be relied on. */
export function requirementProblems(candidate: unknown, bases: Bases = mcpBases): readonly string[] {
  if (typeof candidate !== 'object' || candidate === null) return ['has no requirement'];
  const members: Readonly<Record<string, unknown>> = { ...candidate };
  const unknown = Object.keys(members).filter((name) => !Object.hasOwn(columns, name));
  const wrong = Object.entries(columns).filter(([name, column]) => !column.accepts(members[name]));
  const problems = [
    ...unknown.map((name) => `${name} is not known`),
    ...wrong.map(([name, column]) => `${name} must be ${column.must}`),
  ];
  return problems.length > 0 ? problems : meaningProblems(candidate as Requirement, bases);
}

function meaningProblems({ kind, name, base }: Requirement, bases: Bases): readonly string[] {
  const problems: string[] = [];
  if (!bases[kind].includes(base)) problems.push(`base must be one of ${bases[kind].join(', ')}`);
  if (kind === 'resource') {
    try {
      createUriMatcher(name);
    } catch (error) {
      problems.push(error instanceof Error ? error.message : String(error));
    }
  }
  return problems;
}

function optional(column: Column): Column {
  return { must: column.must, accepts: (value) => value === undefined || column.accepts(value) };
}

function listOf(accepts: (value: unknown) => boolean): (value: unknown) => boolean {
  return (value) => Array.isArray(value) && value.every(accepts);
}

function isWord(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.trim() === value;
}

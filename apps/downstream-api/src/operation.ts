import type { Grant } from '@mcp-obo/grant';
import { OAuthError } from '@mcp-obo/oauth-error';
import { z } from 'zod';
import type { Role } from './people.ts';
import { Problem } from './problem.ts';
import type { ExpenseStore, PersonalExpenses } from './store/expense-store.ts';
import type { FindPerson } from './store/people-store.ts';

/** The parts of a request that a caller decides about. Who it is, is in none of them. */
export interface RequestParts {
  readonly params: unknown;
  readonly query: unknown;
  readonly body: unknown;
}

export interface Stores {
  readonly findPerson: FindPerson;
  readonly expenses: ExpenseStore;
}

/** What an operation is about to do, after all checks that need no row. */
export interface Prepared {
  /** Absent for a machine. */
  readonly username: string | undefined;
  readonly run: () => object;
}

/** One thing this API does. */
export interface Operation {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly url: string;
  /** The scope its token needs. */
  readonly scope: string;
  /** Status of success. */
  readonly status: number;
  /** Checks scope, caller, role and input, in this order. Throws `OAuthError` or `Problem`. */
  readonly prepare: (grant: Grant, parts: RequestParts, stores: Stores) => Prepared;
}

interface Description<S extends z.ZodType> {
  readonly method: Operation['method'];
  readonly url: string;
  readonly scope: string;
  readonly status?: number;
  readonly input: S;
}

/** An operation for a person, on the rows that person may see. */
export function userOperation<S extends z.ZodType>(
  description: Description<S> & {
    /** Who may; everybody when absent. */
    readonly roles?: readonly Role[];
    readonly run: (expenses: PersonalExpenses, input: z.output<S>) => object;
  },
): Operation {
  const { method, url, scope, status = 200, input, roles, run } = description;
  return {
    method,
    url,
    scope,
    status,
    prepare(grant, parts, stores) {
      requireScope(grant, scope);
      if (grant.user === undefined)
        throw new Problem('user_required', 'This needs a token of a user, and this one is of a machine.');
      const person = stores.findPerson(grant.user, grant.tenant);
      if (person === undefined)
        throw new Problem('unknown_person', 'The signed-in user is nobody this API knows.');
      if (roles !== undefined && !roles.includes(person.role))
        throw new Problem('role_required', `Only ${roles.join(' or ')} may do this; you are ${person.role}.`);
      const parsed = parse(input, parts);
      return { username: person.username, run: () => run(stores.expenses.of(person), parsed) };
    },
  };
}

/** An operation for a client that acts for itself, on its tenant as a whole. */
export function machineOperation<S extends z.ZodType>(
  description: Description<S> & {
    readonly run: (expenses: ExpenseStore, tenant: string, input: z.output<S>) => object;
  },
): Operation {
  const { method, url, scope, status = 200, input, run } = description;
  return {
    method,
    url,
    scope,
    status,
    prepare(grant, parts, { expenses }) {
      requireScope(grant, scope);
      if (grant.user !== undefined)
        throw new Problem('machine_required', 'This is for machines, and the token speaks for a user.');
      const parsed = parse(input, parts);
      return { username: undefined, run: () => run(expenses, grant.tenant, parsed) };
    },
  };
}

/** The shape of a request; what is not named must not be there. */
export function requestOf<
  P extends z.ZodRawShape = Record<never, never>,
  Q extends z.ZodRawShape = Record<never, never>,
  B extends z.ZodType = z.ZodUndefined,
>(parts: { params?: P; query?: Q; body?: B }) {
  return z.object({
    params: z.strictObject((parts.params ?? {}) as P),
    query: z.strictObject((parts.query ?? {}) as Q),
    body: (parts.body ?? z.undefined()) as B,
  });
}

function requireScope(grant: Grant, scope: string): void {
  if (grant.scopes.includes(scope)) return;
  throw new OAuthError('insufficient_scope', `The token lacks the scope ${scope}.`, { params: { scope } });
}

function parse<S extends z.ZodType>(schema: S, parts: RequestParts): z.output<S> {
  const result = schema.safeParse(parts);
  if (result.success) return result.data;
  const problems = result.error.issues.map(
    ({ path, message }) => `${path.slice(1).map(String).join('.') || String(path[0])}: ${message}`,
  );
  throw new Problem('invalid_request', `${problems.join('; ')}.`);
}

import type { Role } from '../people.ts';

/**
 * Which rows of `expenses e` a person sees, by role: the condition of every query that serves a person.
 * `:tenant` and `:username` come from the person behind the token, never from a request.
 */
export const visibleRows: Readonly<Record<Role, string>> = {
  employee: 'e.tenant = :tenant AND e.owner = :username',
  manager: `e.tenant = :tenant AND (e.owner = :username OR e.owner IN
    (SELECT p.username FROM people p WHERE p.tenant = :tenant AND p.manager = :username))`,
  finance: 'e.tenant = :tenant AND :username IS NOT NULL',
  auditor: 'e.tenant = :tenant AND :username IS NOT NULL',
};

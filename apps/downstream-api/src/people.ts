import { readFileSync } from 'node:fs';
import { ConfigError, settingProblem } from '@mcp-obo/config';
import { parse } from 'yaml';
import { z } from 'zod';

/** What a person may do here. An employee sees its own rows, a manager its team's too, the others all of the tenant. */
export const roles = ['employee', 'manager', 'finance', 'auditor'] as const;
export type Role = (typeof roles)[number];

const person = z.strictObject({
  /** Exact `iss` of the person's tokens; decides the tenant. */
  issuer: z.string().min(1),
  /** The user's key at that issuer by its profile: `sub`, Okta `uid`, Entra `tid.oid`. */
  user_key: z.string().min(1),
  /** Unique in the tenant. A second line with the same name is the same person at another issuer. */
  username: z.string().min(1),
  role: z.enum(roles, `must be one of ${roles.join(', ')}`),
  /** Username of the manager, in the same tenant. */
  manager: z.string().min(1).optional(),
});

/** One person at one issuer, as the people file lists them. */
export interface PersonEntry extends z.output<typeof person> {
  readonly tenant: string;
}

/** Reads the people file. Throws a `ConfigError` that names every bad line. */
export function readPeople(file: string, tenantOf: (issuer: string) => string | undefined): PersonEntry[] {
  const result = z.array(person).safeParse(readYaml(file), { error: settingProblem });
  if (!result.success)
    throw new ConfigError(
      result.error.issues.map(({ path, message }) => ({
        setting: `people_file ${file}, ${path.map(String).join('.') || 'top level'}`,
        problem: message,
      })),
    );
  const entries = result.data.map((entry, index) => {
    const tenant = tenantOf(entry.issuer);
    if (tenant !== undefined) return { ...entry, tenant };
    throw new ConfigError([
      { setting: `people_file ${file}, ${index}.issuer`, problem: 'is not one of the configured issuers' },
    ]);
  });
  const problems = entries.flatMap((entry, index) =>
    problemsOf(entry, entries).map((problem) => ({ setting: `people_file ${file}, ${index}`, problem })),
  );
  if (problems.length > 0) throw new ConfigError(problems);
  return entries;
}

function problemsOf(entry: PersonEntry, all: readonly PersonEntry[]): string[] {
  const colleagues = all.filter(({ tenant }) => tenant === entry.tenant);
  const same = colleagues.filter(({ username }) => username === entry.username);
  const problems: string[] = [];
  if (entry.manager !== undefined && !colleagues.some(({ username }) => username === entry.manager))
    problems.push(`manager ${entry.manager} is nobody of tenant ${entry.tenant}`);
  if (same.some(({ role, manager }) => role !== entry.role || manager !== entry.manager))
    problems.push(`${entry.username} is listed with different roles or managers`);
  const twice = all.filter(({ issuer, user_key: key }) => issuer === entry.issuer && key === entry.user_key);
  if (twice.length > 1) problems.push(`user_key ${entry.user_key} is listed more than once for this issuer`);
  return problems;
}

function readYaml(file: string): unknown {
  try {
    return parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    const [problem = 'cannot be read'] = (cause as Error).message.split('\n');
    throw new ConfigError([{ setting: `people_file ${file}`, problem }]);
  }
}

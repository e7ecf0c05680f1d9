import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { fillPlaceholders, type PlaceholderValue } from './placeholders.ts';

/** Somebody who can log in. */
export interface RealmUser {
  readonly username: string;
  readonly password: string;
  /** Fixed: it is the `sub` of the user's tokens. */
  readonly sub: string;
  /** First and last name. */
  readonly name: string;
  readonly email: string;
  /** Realm roles, given by membership in the group that has the role. */
  readonly roles: readonly string[];
  /** Further groups, by full path. */
  readonly groups?: readonly string[];
  /** Secret of an authenticator app (RFC 6238). */
  readonly totpSecret?: string;
}

const representation = z.looseObject({
  extends: z.string().optional(),
  realm: z.string().optional(),
  groups: z.array(z.unknown()).optional(),
  users: z.array(z.unknown()).optional(),
});
export type RealmRepresentation = z.infer<typeof representation>;

interface Group {
  readonly name: string;
  readonly realmRoles?: readonly string[];
  readonly subGroups?: readonly Group[];
}

/**
 * The representation of a realm for `POST /admin/realms` or `--import-realm`: `realms/NAME.json` with what it
 * extends, every placeholder filled, and these people in it.
 *
 * @throws RangeError for an unknown realm, a placeholder without a value or a value without a placeholder, and
 * a role that no group gives.
 */
export function renderRealm(
  name: string,
  values: Readonly<Record<string, PlaceholderValue>>,
  users: readonly RealmUser[] = [],
): RealmRepresentation {
  const realm = representation.parse(fillPlaceholders(readTemplate(name), values));
  const people = users.map((user) => userRepresentation(user, (realm.groups ?? []) as readonly Group[]));
  return { ...realm, users: [...(realm.users ?? []), ...people] };
}

/** A realm's file as it stands, with what it extends; for checks. */
export function readTemplate(name: string): RealmRepresentation {
  const { extends: base, ...own } = representation.parse(readJson(name));
  return base === undefined ? own : (merge(readTemplate(base), own) as RealmRepresentation);
}

/** A file of `realms/`. */
export function readJson(name: string): unknown {
  const file = new URL(`../realms/${name}.json`, import.meta.url);
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw new RangeError(`There is no realm ${name}.`, { cause });
  }
}

/** Objects are merged, lists follow one another, anything else is replaced. */
function merge(base: unknown, own: unknown): unknown {
  if (Array.isArray(base) && Array.isArray(own)) return [...base, ...own];
  if (!isObject(base) || !isObject(own)) return own;
  const merged = { ...base };
  for (const [key, value] of Object.entries(own)) {
    merged[key] = Object.hasOwn(base, key) ? merge(base[key], value) : value;
  }
  return merged;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function userRepresentation(user: RealmUser, groups: readonly Group[]): object {
  const [firstName = '', ...rest] = user.name.split(' ');
  return {
    id: user.sub,
    username: user.username,
    enabled: true,
    email: user.email,
    emailVerified: true,
    firstName,
    lastName: rest.join(' '),
    credentials: [
      { type: 'password', value: user.password, temporary: false },
      ...(user.totpSecret === undefined ? [] : [totpCredential(user.totpSecret)]),
    ],
    groups: [...user.roles.map((role) => groupOf(role, groups)), ...(user.groups ?? [])],
  };
}

/** As Keycloak keeps it, with the numbers of the realm's policy. */
function totpCredential(secret: string): object {
  const policy = { subType: 'totp', algorithm: 'HmacSHA1', digits: 6, period: 30, counter: 0 };
  return {
    type: 'otp',
    secretData: JSON.stringify({ value: secret }),
    credentialData: JSON.stringify(policy),
  };
}

/** Full path of the group that gives the role. */
function groupOf(role: string, groups: readonly Group[]): string {
  const search = (among: readonly Group[], above: string): string | undefined => {
    for (const { name, realmRoles = [], subGroups = [] } of among) {
      const path = `${above}/${name}`;
      const found = realmRoles.includes(role) ? path : search(subGroups, path);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  const path = search(groups, '');
  if (path === undefined) throw new RangeError(`No group gives the role ${role}.`);
  return path;
}

import { target, tenants } from '../domain.ts';
import type { World } from './world.ts';

/** Configuration of apps/downstream-api: it trusts the issuers, and only tokens made for itself. */
export function downstreamApiConfig({ profile, urls, ports, files, redis, logLevel }: World): object {
  return {
    listen: { host: '127.0.0.1', port: ports['downstream-api'] },
    resource: urls.downstream,
    issuers: tenants.map(({ name }) => ({
      tenant: name,
      issuer: urls.issuers[name],
      profile,
      audiences: [target.audience],
    })),
    people_file: files.people,
    seed_expenses: true,
    ...(redis !== undefined && { revocations: { url: redis } }),
    audit_file: files.audit('downstream-api'),
    log_level: logLevel,
  };
}

/** Who is who, by the key that tokens carry: issuer and `sub`. */
export function peopleSeed({ urls }: Pick<World, 'urls'>): readonly object[] {
  return tenants.flatMap(({ name, users }) =>
    users.map(({ sub, username, roles, manager }) => ({
      issuer: urls.issuers[name],
      user_key: sub,
      username,
      role: roles[0],
      ...(manager !== undefined && { manager }),
    })),
  );
}

import { type ConfigSource, followConfig } from '@mcp-obo/config';
import type { BrokerApp } from './app.ts';
import { type BrokerConfig, loadConfig } from './config.ts';
import type { BrokerDeps } from './deps.ts';

export interface FollowChangesOptions extends Pick<BrokerApp, 'reload'> {
  readonly source: ConfigSource;
  readonly log: BrokerDeps['log'];
}

/**
 * Takes over what changes in the configuration file and the files it names, while the process runs. Files that
 * cannot be used are logged, and what was in use stays.
 *
 * @returns what ends it
 */
export function followChanges(
  config: BrokerConfig,
  { source, reload, log }: FollowChangesOptions,
): () => void {
  if (config.reload_seconds === 0) return () => undefined;
  const before = readOnce(config);
  return followConfig({
    source,
    load: loadConfig,
    onChange(changed) {
      reload(changed);
      const now = readOnce(changed);
      const needs_restart = Object.keys(now).filter((name) => now[name] !== before[name]);
      log.info(needs_restart.length > 0 ? { needs_restart } : {}, 'the changed configuration is in use');
    },
    onFault: (err) => log.error({ err }, 'the changed configuration cannot be used; what was in use stays'),
    everyMs: config.reload_seconds * 1000,
  });
}

/** What describes something that is open by now: a change of it waits for a restart. */
function readOnce(config: BrokerConfig): Readonly<Record<string, string>> {
  const { issuer, listen, issuers, cache, network, reload_seconds, body_limit_bytes, requests_at_once } =
    config;
  const { audit_file, log_level } = config;
  const opened = {
    issuer,
    listen: { ...listen, tls: listen.tls !== undefined },
    tenants: issuers.map(({ tenant }) => tenant),
    cache: {
      ...cache,
      password: undefined,
      tls: undefined,
      sentinel: { ...cache.sentinel, password: undefined },
    },
    network,
    reload_seconds,
    body_limit_bytes,
    requests_at_once,
    audit_file,
    log_level,
  };
  return Object.fromEntries(Object.entries(opened).map(([name, value]) => [name, JSON.stringify(value)]));
}

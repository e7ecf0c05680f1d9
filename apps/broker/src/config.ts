import { type ConfigSource, loadConfig as load } from '@mcp-obo/config';
import type { BrokerConfig } from './config/broker-config.ts';
import { environmentNames } from './config/environment.ts';
import { brokerSchema } from './config/schema.ts';

export type { BrokerConfig, ClientConfig, IssuerConfig, TargetConfig } from './config/broker-config.ts';
export { environmentNames } from './config/environment.ts';
export { configFiles } from './config/secrets.ts';
export { configSections } from './config/sections.ts';
export { singleServer } from './config/single.ts';

/**
 * Reads the file and the environment (which wins) into a configuration that holds together, secrets
 * included. Throws a `ConfigError` that names every bad setting in one message.
 */
export function loadConfig(source: ConfigSource): BrokerConfig {
  return load(brokerSchema(source), environmentNames, source);
}

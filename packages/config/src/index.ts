export { ConfigError, type ConfigProblem } from './config-error.ts';
export { type ConfigSource, type EnvNames, loadConfig } from './load-config.ts';
export { secretFrom, secretSetting } from './secret.ts';

export { ConfigError, type ConfigProblem } from './config-error.ts';
export { type ConfigSource, type EnvNames, loadConfig, settingProblem } from './load-config.ts';
export { secretFrom, secretSetting } from './secret.ts';

export { ConfigError, type ConfigProblem } from './config-error.ts';
export { type FollowConfigOptions, followConfig } from './follow-config.ts';
export { type ConfigSource, type EnvNames, loadConfig, settingProblem } from './load-config.ts';
export { secretFrom, secretSetting, secretTextSetting } from './secret.ts';
export {
  endpointSetting,
  flagSetting,
  isLoopback,
  networksSetting,
  originSetting,
  portSetting,
  refuseRepeated,
  resourceUriSetting,
  scopeSetting,
  secondsSetting,
  serverUrlSetting,
  wordsSetting,
} from './setting.ts';

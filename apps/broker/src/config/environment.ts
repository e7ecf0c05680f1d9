/**
 * The settings that the environment can give. Those of `single` describe one MCP server with one issuer and
 * one target, so that such a deployment needs no file.
 */
export const environmentNames = {
  BROKER_URL: 'issuer',
  BROKER_HOST: 'listen.host',
  BROKER_PORT: 'listen.port',
  OAUTH_ISSUER: 'single.issuer',
  OAUTH_TENANT: 'single.tenant',
  OAUTH_PROFILE: 'single.profile',
  OAUTH_JWKS_URI: 'single.jwks_uri',
  OAUTH_AUDIENCE: 'single.resource',
  BROKER_CLIENT_ID: 'single.client',
  BROKER_CLIENT_SECRET: 'single.client_secret.value',
  BROKER_CLIENT_SECRET_FILE: 'single.client_secret.file',
  BROKER_CLIENT_JWKS_FILE: 'single.client_jwks.file',
  OBO_CLIENT_ID: 'single.upstream_client',
  OBO_CLIENT_SECRET: 'single.upstream_secret.value',
  OBO_CLIENT_SECRET_FILE: 'single.upstream_secret.file',
  OBO_TARGET: 'single.target',
  OBO_TARGET_AUDIENCE: 'single.target_audience',
  OBO_TARGET_SCOPES: 'single.target_scopes',
  REDIS_URL: 'cache.url',
  REDIS_USERNAME: 'cache.username',
  REDIS_PASSWORD: 'cache.password.value',
  REDIS_PASSWORD_FILE: 'cache.password.file',
  REDIS_CA_FILE: 'cache.tls.ca.file',
  SEAL_KEYS: 'seal.keys.value',
  SEAL_KEYS_FILE: 'seal.keys.file',
  AUDIT_FILE: 'audit_file',
  LOG_LEVEL: 'log_level',
} as const;

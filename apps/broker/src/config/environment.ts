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
  OAUTH_JWKS_URI: 'single.jwksUri',
  OAUTH_AUDIENCE: 'single.resource',
  BROKER_CLIENT_ID: 'single.client',
  BROKER_CLIENT_SECRET: 'single.clientSecret.value',
  BROKER_CLIENT_SECRET_FILE: 'single.clientSecret.file',
  BROKER_CLIENT_JWKS_FILE: 'single.clientJwks.file',
  OBO_CLIENT_ID: 'single.upstreamClient',
  OBO_CLIENT_SECRET: 'single.upstreamSecret.value',
  OBO_CLIENT_SECRET_FILE: 'single.upstreamSecret.file',
  OBO_TARGET: 'single.target',
  OBO_TARGET_AUDIENCE: 'single.targetAudience',
  OBO_TARGET_SCOPES: 'single.targetScopes',
  REDIS_URL: 'cache.url',
  SEAL_KEYS: 'seal.keys.value',
  SEAL_KEYS_FILE: 'seal.keys.file',
  AUDIT_FILE: 'audit.file',
  LOG_LEVEL: 'log.level',
} as const;

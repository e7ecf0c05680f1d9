export { type OAuthErrorCode, type OAuthErrorRow, oauthErrorTable } from './error-table.ts';
export { isOAuthError, OAuthError, type OAuthErrorOptions } from './oauth-error.ts';

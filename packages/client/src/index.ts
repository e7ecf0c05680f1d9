export { type BrowserOpenerOptions, createBrowserOpener } from './browser.ts';
export type { AuthSessionOptions, FetchLike } from './options.ts';
export { createLoopbackReceiver, type OpenReceiver, type RedirectReceiver } from './redirect-receiver.ts';
export type { RevocationResult } from './revocation.ts';
export { type AuthSession, createAuthSession, type SessionStatus } from './session.ts';
export { type CredentialStore, createMemoryStore } from './store.ts';

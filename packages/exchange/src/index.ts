export type { Cache, CacheEntryOptions } from './cache.ts';
export type {
  EngineMachineRequest,
  EngineOptions,
  EngineRequest,
  ExchangeEngine,
  IssuedToken,
} from './engine.ts';
export type { ExchangeContext, ExchangeEvent, OnExchangeEvent } from './events.ts';
export type { DownstreamToken, MachineRequest, OnBehalfOfRequest, TokenExchange } from './on-behalf-of.ts';
export type { Policy, PolicyRule } from './policy.ts';
export { atIssuer, type PerIssuer, type Target } from './target.ts';
export type {
  Upstream,
  UpstreamAnswer,
  UpstreamClientCredentials,
  UpstreamCredential,
  UpstreamExchange,
} from './upstream.ts';

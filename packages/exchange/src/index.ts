export { type AnswerValidatorOptions, createAnswerValidator, fetchWithOwnKeys } from './answer-validator.ts';
export { type BrokerClientOptions, createBrokerClient } from './broker-client.ts';
export type {
  Cache,
  CacheEntryOptions,
  CacheWatcher,
  Claim,
  ClaimOptions,
  HeldClaim,
} from './cache.ts';
export type {
  EngineMachineRequest,
  EngineOptions,
  EngineRequest,
  EvictedToken,
  ExchangeEngine,
  IssuedToken,
  ObtainedToken,
} from './contract.ts';
export { createExchangeEngine } from './engine.ts';
export { isAlarm } from './errors/outcome.ts';
export type { ExchangeContext, ExchangeEvent, OnExchangeEvent } from './events.ts';
export type {
  InteractionFinish,
  InteractionReason,
  InteractionStart,
  LoginDemand,
  LoginStart,
  UserInteractions,
} from './interaction/contract.ts';
export {
  createInteractions,
  type Interactions,
  type InteractionsOptions,
} from './interaction/interactions.ts';
export { createLocalExchange, type LocalExchangeOptions, type LocalIssuer } from './local-exchange.ts';
export { createMemoryCache, type MemoryCacheOptions } from './memory/memory-cache.ts';
export type { Obtained } from './obtained.ts';
export type { DownstreamToken, MachineRequest, OnBehalfOfRequest, TokenExchange } from './on-behalf-of.ts';
export type { Policy, PolicyRule } from './policy.ts';
export { type Scheduler, systemScheduler } from './scheduler.ts';
export type { KeyRing, SealKey } from './seal/key-ring.ts';
export { createSeal, type Seal } from './seal/seal.ts';
export { atIssuer, type PerIssuer, type Target } from './target.ts';
export type { Fetch } from './upstream/answer-fetch.ts';
export { createUpstream, type UpstreamOptions } from './upstream/create-upstream.ts';
export type { BreakerState, GuardOptions } from './upstream/guard.ts';
export { createIdJag, type IdJagOptions, type IdJagParty } from './upstream/id-jag/id-jag.ts';
export { createMint, type MintOptions } from './upstream/mint/mint.ts';
export { type MintKey, mintKey } from './upstream/mint/mint-key.ts';
export {
  createMintKeyRing,
  type MintKeyRing,
  type MintKeyRingOptions,
  type MintKeySettings,
} from './upstream/mint/mint-key-ring.ts';
export type {
  Upstream,
  UpstreamAnswer,
  UpstreamClientCredentials,
  UpstreamCredential,
  UpstreamExchange,
  UpstreamService,
} from './upstream/upstream.ts';

export { type EnsureOptions, ensureImages, type ImageOutcome } from './build.ts';
export { type Engine, type EngineOptions, NoEngineError, openEngine } from './engine.ts';
export { recipes } from './recipes.ts';

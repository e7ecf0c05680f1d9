export { type EnsureOptions, ensureImages, type ImageOutcome } from './build.ts';
export { type CommandOptions, type Ended, type RunCommand, runCommand } from './command.ts';
export { type BuildOptions, createDocker, type Docker, type LocalImage } from './docker.ts';
export { type Engine, type EngineOptions, installPackages, NoEngineError, openEngine } from './engine.ts';
export { recipes } from './recipes.ts';

export { type EnsureOptions, ensureImages, type ImageOutcome } from './build.ts';
export { defaultCacheDir } from './cache-folder.ts';
export { type CommandOptions, type Ended, type RunCommand, runCommand } from './command.ts';
export { type ComposeCommand, ensureCompose, findCompose } from './compose-command.ts';
export { installPackages } from './debian-packages.ts';
export { type BuildOptions, createDocker, type Docker, type LocalImage } from './docker.ts';
export { type Engine, type EngineOptions, NoEngineError, openEngine } from './engine.ts';
export { type MachineLockOptions, withMachineLock } from './machine-lock.ts';
export { keycloakVersion, recipes } from './recipes.ts';

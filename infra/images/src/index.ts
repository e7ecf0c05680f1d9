export { type EnsureOptions, ensureImages, type ImageOutcome } from './build.ts';
export { type CommandOptions, type Ended, type RunCommand, runCommand } from './command.ts';
export { type ComposeCommand, ensureCompose, findCompose } from './compose-command.ts';
export { installPackages } from './debian-packages.ts';
export { type BuildOptions, createDocker, type Docker, type LocalImage } from './docker.ts';
export { type Engine, type EngineOptions, NoEngineError, openEngine } from './engine.ts';
export { keycloakVersion, recipes } from './recipes.ts';

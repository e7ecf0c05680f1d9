export type { RawAnswer } from './behaviour.ts';
export { type AadstsCode, type AadstsRow, aadsts } from './entra/aadsts.ts';
export type {
  ConditionalAccessPolicy,
  Consent,
  EntraApp,
  EntraDirectory,
  EntraTenant,
  EntraUser,
} from './entra/directory.ts';
export { type EntraDouble, type EntraDoubleOptions, startEntraDouble } from './entra/double.ts';
export { type ExampleDirectoryOptions, exampleDirectory, exampleIds } from './entra/example-directory.ts';
export type { MintUserToken } from './entra/mint.ts';
export type { EntraBehaviour } from './entra/token-endpoint.ts';
export type { RecordedRequest } from './recorded-request.ts';

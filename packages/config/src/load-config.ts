import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { parse } from 'yaml';
import type { z } from 'zod';
import { ConfigError, type ConfigProblem } from './config-error.ts';
import { isPathSetting, withAbsolutePaths } from './setting-paths.ts';

/** Environment variable → dotted path in the file, e.g. `{ MCP_PORT: 'listen.port' }`. */
export type EnvNames = Readonly<Record<string, string>>;

export interface ConfigSource {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Path of the YAML file; absent: the environment alone. */
  readonly file?: string;
  /** Reads a text file. Default: from disk. */
  readonly readText?: (path: string) => string;
  /** The working directory, where the paths in variables start. Default: that of the process. */
  readonly cwd?: string;
}

/**
 * Reads the file, lays the environment over it, and parses both with the schema. A variable wins over the
 * file; an empty variable counts as unset. Values from the environment are strings: the schema coerces.
 * Settings that are named `file` or `…_file` hold paths and reach the schema absolute: relative ones start where
 * they are written, in the folder of the file, or for variables in the working directory.
 * Throws a `ConfigError` that names every bad setting by its path and its variable.
 */
export function loadConfig<S extends z.ZodType>(
  schema: S,
  envNames: EnvNames,
  source: ConfigSource,
): z.output<S> {
  const cwd = source.cwd ?? process.cwd();
  const settings =
    source.file === undefined ? {} : readSettings(source.file, cwd, source.readText ?? readUtf8);
  for (const [name, path] of Object.entries(envNames)) {
    const value = source.env[name];
    if (value !== undefined && value !== '') place(settings, path.split('.'), value, cwd);
  }
  const parsed = schema.safeParse(settings, { error: settingProblem });
  if (parsed.success) return parsed.data;
  throw new ConfigError(parsed.error.issues.map((issue) => describe(issue, envNames)));
}

type Settings = Record<string, unknown>;

function readUtf8(path: string): string {
  return readFileSync(path, 'utf8');
}

function readSettings(file: string, cwd: string, readText: (path: string) => string): Settings {
  const settings = parseFile(file, readText);
  if (settings === null || settings === undefined) return {};
  if (isSettings(settings)) return withAbsolutePaths(settings, resolve(cwd, dirname(file))) as Settings;
  throw new ConfigError([{ setting: file, problem: 'must hold a mapping of settings at its top level' }]);
}

function parseFile(file: string, readText: (path: string) => string): unknown {
  try {
    return parse(readText(file));
  } catch (cause) {
    throw new ConfigError([{ setting: file, problem: fileProblem(cause) }]);
  }
}

const fileProblems: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'this user may not read it',
  EISDIR: 'is a folder, and must be a file',
};

function fileProblem(cause: unknown): string {
  const { code, message } = (cause ?? {}) as { code?: unknown; message?: unknown };
  if (typeof code === 'string' && Object.hasOwn(fileProblems, code)) return fileProblems[code] ?? '';
  const [sentence = ''] = typeof message === 'string' ? message.split('\n') : [];
  return sentence === '' ? 'cannot be read' : `is no YAML: ${sentence.replace(/:$/, '')}`;
}

function place(settings: Settings, path: readonly string[], value: string, cwd: string): void {
  const [head, ...rest] = path;
  if (head === undefined) return;
  if (rest.length === 0) {
    settings[head] = isPathSetting(head) ? resolve(cwd, value) : value;
    return;
  }
  const next = settings[head];
  const branch: Settings = isSettings(next) ? next : {};
  settings[head] = branch;
  place(branch, rest, value, cwd);
}

function isSettings(value: unknown): value is Settings {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What is wrong with a setting whose schema has no sentence of its own; for `safeParse(…, { error })`. */
export function settingProblem(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.code === 'unrecognized_keys') return `there is no such setting: ${issue.keys.join(', ')}`;
  if (issue.code === 'too_small') return tooSmall[issue.origin]?.(Number(issue.minimum));
  // Of several ways to give a setting, the one that was meant is the one that got as far as a rule of its own.
  if (issue.code === 'invalid_union')
    return issue.errors.flat().find(({ code }) => code === 'custom')?.message;
  if (issue.code === 'invalid_value') return `must be one of ${issue.values.map(String).join(', ')}`;
  if (issue.code !== 'invalid_type') return undefined;
  return issue.input === undefined ? 'is required' : `must be ${kinds[issue.expected] ?? issue.expected}`;
}

const tooSmall: Readonly<Record<string, (minimum: number) => string>> = {
  array: () => 'must not be empty',
  string: () => 'must not be empty',
  number: (minimum) => (minimum === 0 ? 'must be above 0' : `must be at least ${minimum}`),
};

const kinds: Readonly<Record<string, string>> = {
  array: 'a list',
  boolean: 'true or false',
  number: 'a number',
  object: 'a mapping',
  record: 'a mapping',
  string: 'a text',
};

/** A section that is not there is named with every variable that sets a part of it. */
function describe(issue: z.core.$ZodIssue, envNames: EnvNames): ConfigProblem {
  const path = issue.path.map(String).join('.');
  const at = Object.entries(envNames).filter(([, target]) => target === path);
  const below =
    issue.code === 'invalid_type'
      ? Object.entries(envNames).filter(([, target]) => target.startsWith(`${path}.`))
      : [];
  const variables = (at.length > 0 ? at : below).map(([name]) => name).join(', ');
  const setting = path === '' ? '(top level)' : path;
  return { setting: variables === '' ? setting : `${setting} (${variables})`, problem: issue.message };
}

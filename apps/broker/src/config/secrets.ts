import { readFileSync } from 'node:fs';
import type { ConfigSource } from '@mcp-obo/config';
import { z } from 'zod';

/** Reads the files that a configuration names; their paths are absolute by then. */
export interface ConfigFiles {
  readonly read: (path: string) => string;
}

/** The files of the machine, or those of a source that has its own. */
export function configFiles({ readText = readUtf8 }: Pick<ConfigSource, 'readText'>): ConfigFiles {
  return { read: readText };
}

/** `{ file: path }` or `{ value: text }`, parsed to the text. The issue names the path and never the text. */
export function textSetting(files: ConfigFiles) {
  return z
    .strictObject({ file: z.string().min(1).optional(), value: z.string().min(1).optional() })
    .transform(({ file, value }, context) => {
      if ((file === undefined) === (value === undefined)) {
        context.addIssue('give either `file` (a path) or `value`, and not both');
        return z.NEVER;
      }
      if (value !== undefined) return value;
      const text = readOrReport(files, file ?? '', context);
      return text ?? z.NEVER;
    });
}

/** One or several values, as a list. */
export function oneOrMore<T extends z.ZodType>(schema: T) {
  return z.preprocess((value) => (Array.isArray(value) ? value : [value]), z.array(schema).min(1));
}

function readOrReport(files: ConfigFiles, path: string, context: z.RefinementCtx): string | undefined {
  try {
    const text = files.read(path).replace(/\r?\n$/, '');
    if (text !== '') return text;
    context.addIssue(`the file ${path} is empty`);
  } catch {
    context.addIssue(`the file ${path} cannot be read; check the path and its permissions`);
  }
  return undefined;
}

function readUtf8(path: string): string {
  return readFileSync(path, 'utf8');
}

import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { ConfigError } from './config-error.ts';

/**
 * A secret as a setting: `{ file: /run/secrets/x }`, or `{ value: … }` where files cannot be had. Exactly
 * one of both.
 */
export const secretSetting = z
  .strictObject({ file: z.string().min(1).optional(), value: z.string().min(1).optional() })
  .refine((secret) => (secret.file === undefined) !== (secret.value === undefined), {
    message: 'give either `file` (a path) or `value`, and not both',
  });

/** The secret itself, without the newline editors put at the end of a file. Throws a `ConfigError` that names the setting, never the secret. */
export function secretFrom(secret: z.output<typeof secretSetting>, setting: string): string {
  if (secret.value !== undefined) return secret.value;
  const file = secret.file ?? '';
  try {
    const text = readFileSync(file, 'utf8').replace(/\r?\n$/, '');
    if (text !== '') return text;
  } catch {
    throw new ConfigError([{ setting, problem: `the file ${file} cannot be read` }]);
  }
  throw new ConfigError([{ setting, problem: `the file ${file} is empty` }]);
}

/** The same, read while the settings are parsed: its output is the secret itself. */
export const secretTextSetting = secretSetting.transform((secret, context) => {
  try {
    return secretFrom(secret, '');
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    for (const { problem } of error.problems) context.addIssue(problem);
    return z.NEVER;
  }
});

import { createPrivateKey } from 'node:crypto';
import { statSync } from 'node:fs';
import { type MintKey, mintKey } from '@mcp-obo/exchange';
import { z } from 'zod';
import { type ConfigFiles, oneOrMore, textSetting } from './secrets.ts';

/** How the broker signs tokens itself, for targets that trust it. */
export function mintSection(files: ConfigFiles) {
  return z.strictObject({
    /** Private P-256 or Ed25519 keys in PEM: the first signs, all are published. */
    keys: oneOrMore(signingKey(files)).superRefine(refuseRepeatedKeys),
    /** Longest life of a token. */
    lifetime_seconds: z.number().int().min(30).max(300).default(300),
    /** How long a new key is published before it signs: as long as resource servers keep a key set. */
    publish_seconds: z.number().int().min(0).default(300),
  });
}

function signingKey(files: ConfigFiles) {
  return z.unknown().superRefine(refuseOpenFile).pipe(textSetting(files)).transform(parseSigningKey);
}

/** A key that everybody on the machine can read is nobody's alone. A group may: volumes of secrets are mounted so. */
function refuseOpenFile(setting: unknown, context: z.RefinementCtx): void {
  const file = (setting as { file?: unknown } | null | undefined)?.file;
  if (typeof file !== 'string' || process.platform === 'win32') return;
  const mode = statSync(file, { throwIfNoEntry: false })?.mode ?? 0;
  if ((mode & 0o007) !== 0)
    context.addIssue(`the file ${file} is open to everybody on this machine; close it (chmod o-rwx)`);
}

function parseSigningKey(text: string, context: z.RefinementCtx): MintKey {
  try {
    return mintKey(createPrivateKey(text));
  } catch {
    context.addIssue('must be a private P-256 or Ed25519 key in PEM (openssl genpkey -algorithm ed25519)');
    return z.NEVER;
  }
}

function refuseRepeatedKeys(keys: readonly MintKey[], context: z.RefinementCtx): void {
  const ids = keys.map(({ kid }) => kid);
  ids.forEach((kid, index) => {
    if (ids.indexOf(kid) !== index)
      context.addIssue({ code: 'custom', path: [index], message: 'is the same key as one before it' });
  });
}

import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { generate } from 'selfsigned';
import { root } from './markdown.ts';

/** Where the example files expect their secrets. */
const secretFolder = '/run/secrets';

/** Copies of the example files on disk, with every secret they name. */
export interface ExampleFiles {
  /** Paths below `docs/examples`. */
  readonly names: readonly string[];
  readonly pathOf: (name: string) => string;
  readonly remove: () => void;
}

/** Writes the example files to a private folder, with fresh secrets where they expect them. */
export async function writeExampleFiles(): Promise<ExampleFiles> {
  const source = join(root, 'docs/examples');
  const folder = mkdtempSync(join(tmpdir(), 'mcp-obo-examples-'));
  const makeSecret = await secretMaker();
  const names = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.yaml'),
  );
  for (const name of names) {
    const text = readFileSync(join(source, name), 'utf8');
    for (const [, secret = ''] of text.matchAll(/file: \/run\/secrets\/([^\s}]+)/g))
      writeFileSync(join(folder, secret), makeSecret(secret), { mode: 0o600 });
    mkdirSync(join(folder, dirname(name)), { recursive: true });
    writeFileSync(join(folder, name), text.replaceAll(secretFolder, folder));
  }
  return {
    names,
    pathOf: (name) => join(folder, name),
    remove: () => rmSync(folder, { recursive: true }),
  };
}

/** What a secret file holds, by the end of its name. */
async function secretMaker(): Promise<(file: string) => string> {
  const certificate = await generate([{ name: 'commonName', value: 'mcp-server' }], { keyType: 'ec' });
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const key = { ...publicKey.export({ format: 'jwk' }), kid: 'mcp-server-1' };
  const contents: Readonly<Record<string, string>> = {
    '.key': certificate.private,
    '.crt': certificate.cert,
    '.jwks.json': JSON.stringify({ keys: [key] }),
    'seal.keys': randomBytes(32).toString('base64'),
    '.secret': randomBytes(32).toString('base64url'),
  };
  return (file) => {
    const found = Object.entries(contents).find(([end]) => basename(file).endsWith(end));
    if (found === undefined) throw new Error(`what does a secret file named ${file} hold?`);
    return found[1];
  };
}

import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { PackedPackage } from './tarballs.ts';

/** A code sample of a README. */
export interface Sample {
  /** Where it is put, below the consumer's folder. */
  readonly file: string;
  readonly code: string;
}

const fence = /^```(?:ts|js)(?: ([^\n]+))?\n(.*?)^```$/gms;

/**
 * The samples of a package's README, under the names their fences give (` ```ts local/server.ts`), or
 * `PACKAGE/sample-N.ts` where a fence gives none. A fence with several names is put at each.
 */
export function samplesOf({ folder }: PackedPackage): readonly Sample[] {
  const readme = readFileSync(join(folder, 'README.md'), 'utf8');
  return [...readme.matchAll(fence)].flatMap(([, names, code = ''], index) =>
    (names?.split(' ') ?? [`sample-${index + 1}.ts`]).map((name) => ({
      file: join(basename(folder), name),
      code,
    })),
  );
}

/** The sample with the addresses of documentation replaced by those of a running test. */
export function withAddresses(code: string, addresses: Readonly<Record<string, string>>): string {
  return Object.entries(addresses).reduce((text, [from, to]) => text.replaceAll(from, to), code);
}

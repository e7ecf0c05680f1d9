import { createPieceIndex } from './pieces.ts';
import { readingsOf } from './readings.ts';
import { type Secret, type SecretKind, secretParts } from './secret.ts';

/** A text that was written by the platform or shown by it. */
export interface Source {
  /** Where it stands, e.g. `log of broker`. */
  readonly place: string;
  readonly text: string;
}

/** A secret where none may be. It is named by kind, never repeated. */
export interface Finding {
  readonly place: string;
  /** Line of the source, from 1. */
  readonly line: number;
  readonly kind: SecretKind | 'unknown token';
  /** Encodings it was hidden by, e.g. `base64 in percent-encoded`; absent when it stands there as it is. */
  readonly as?: string;
}

/** A compact JOSE object, also one that nobody handed in. */
const joseObject = /eyJ[\w-]{8,}\.[\w-]{2,}/;

/**
 * Looks for secrets: whole, or any 16 characters of one in a row, as they are or encoded (percent, JSON,
 * HTML, hex, base64, lists of bytes, also one in another); and for everything that looks like a token.
 */
export function createSecretScan(secrets: readonly Secret[]): (source: Source) => readonly Finding[] {
  const distinct = [...new Map(secrets.map((secret) => [secret.value, secret])).values()];
  // People make passwords of their names: a piece of one may be a name, so they are looked for whole.
  const passwords = distinct.filter(({ kind }) => kind === 'password').map(({ value }) => value);
  const parts = distinct
    .filter(({ kind }) => kind !== 'password')
    .flatMap((secret) => secretParts(secret).map((text) => ({ text, kind: secret.kind })));
  const pieces = createPieceIndex(parts.map(({ text }) => text));
  return ({ place, text }) =>
    text.split('\n').flatMap((content, index) => {
      const kinds = new Map<Finding['kind'], string>();
      for (const { encodings, text: reading } of readingsOf(content)) {
        const as = encodings.toReversed().join(' in ');
        const note = (kind: Finding['kind']) => {
          if (!kinds.has(kind)) kinds.set(kind, as);
        };
        if (passwords.some((password) => reading.includes(password))) note('password');
        pieces.search(reading, (at) => note(parts[at]?.kind ?? 'unknown token'));
        if (joseObject.test(reading) && kinds.size === 0) note('unknown token');
      }
      return [...kinds].map(([kind, as]) => ({ place, line: index + 1, kind, ...(as !== '' && { as }) }));
    });
}

/** One line a finding, for a failing test. */
export function describeFindings(findings: readonly Finding[]): readonly string[] {
  return findings.map(
    ({ place, line, kind, as }) => `${place}, line ${line}: ${kind}${as === undefined ? '' : ` (${as})`}`,
  );
}

import type { Operation } from '../operation.ts';

/** Longest part of the arguments that is shown. */
const shown = 1000;

/** The arguments of a call, for a person who is to judge it. */
export function legibleArguments({ args }: Pick<Operation, 'args'>): string {
  const text = legible(JSON.stringify(args));
  return text.length > shown ? `${text.slice(0, shown)}… (${text.length} characters)` : text;
}

/**
 * A text in which nothing is hidden and nothing reorders what stands around it: invisible characters and those that
 * change the direction of writing are spelled out (Unicode Technical Report 36 §2.9).
 */
export function legible(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`,
  );
}

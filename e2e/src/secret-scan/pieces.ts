import { pieceLength } from './secret.ts';

const base = 0x01000193;
/** Weight of the character that leaves the window. */
const leaving = power(base, pieceLength - 1);
const filterBits = 24;

/** Finds pieces of known values in a text of any length. */
export interface PieceIndex {
  /** Calls `found` with the position and index of each value of which 16 characters in a row stand there. */
  readonly search: (text: string, found: (value: number) => void) => void;
}

/**
 * Every 16 characters in a row of every value, by a rolling hash (Karp and Rabin): one step per character of
 * the text, however many secrets there are. A bit field keeps nearly all positions from the set of hashes,
 * and a hash that is known is compared with the values themselves. Values shorter than a piece are looked
 * for whole.
 */
export function createPieceIndex(values: readonly string[]): PieceIndex {
  const filter = new Uint8Array(2 ** (filterBits - 3));
  const hashes = new Set<number>();
  const short: number[] = [];
  values.forEach((value, index) => {
    if (value.length < pieceLength) short.push(index);
    roll(value, (hash) => {
      hashes.add(hash);
      const bit = bitOf(hash);
      filter[bit >>> 3] = (filter[bit >>> 3] ?? 0) | (1 << (bit & 7));
    });
  });
  return {
    search(text, found) {
      roll(text, (hash, end) => {
        const bit = bitOf(hash);
        if (((filter[bit >>> 3] ?? 0) & (1 << (bit & 7))) === 0 || !hashes.has(hash)) return;
        const piece = text.slice(end - pieceLength, end);
        values.forEach((value, index) => {
          if (value.includes(piece)) found(index);
        });
      });
      for (const index of short) if (text.includes(values[index] ?? '\0')) found(index);
    },
  };
}

/** The hash of each window of the text, and where the window ends. */
function roll(text: string, visit: (hash: number, end: number) => void): void {
  let hash = 0;
  for (let at = 0; at < text.length; at += 1) {
    if (at >= pieceLength) hash = (hash - Math.imul(text.charCodeAt(at - pieceLength), leaving)) | 0;
    hash = (Math.imul(hash, base) + text.charCodeAt(at)) | 0;
    if (at + 1 >= pieceLength) visit(hash, at + 1);
  }
}

function bitOf(hash: number): number {
  return Math.imul(hash, 0x9e3779b1) >>> (32 - filterBits);
}

function power(number: number, exponent: number): number {
  let product = 1;
  for (let times = 0; times < exponent; times += 1) product = Math.imul(product, number);
  return product;
}

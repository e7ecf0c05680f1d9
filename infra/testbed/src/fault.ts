/**
 * How a server can fail: an error status, no answer at all, an answer of one byte at a time, one that stops
 * in the middle, a hundred megabytes, a small one that unpacks to them, HTML, a redirect to itself.
 */
export type Fault = 'error' | 'hang' | 'drip' | 'truncated' | 'huge' | 'gzip_bomb' | 'html' | 'redirect';

/** Switches of faults, for all paths or for those that end in a given text. */
export interface Faults {
  /** Switches a fault on (`undefined`: off) for all paths, or for paths that end in `suffix`. */
  set(fault: Fault | undefined, suffix?: string): void;
  /** The fault of this path. */
  of(path: string): Fault | undefined;
}

/** A set of switches, all off. */
export function createFaults(): Faults {
  const bySuffix = new Map<string, Fault>();
  return {
    set(fault, suffix = '') {
      if (fault === undefined) bySuffix.delete(suffix);
      else bySuffix.set(suffix, fault);
    },
    of(path) {
      for (const [suffix, fault] of bySuffix) if (path.endsWith(suffix)) return fault;
      return undefined;
    },
  };
}

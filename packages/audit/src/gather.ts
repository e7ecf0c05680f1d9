import type { AuditFile } from './file.ts';

/** A file whose lines are appended together: one write for all that are told in one turn of the event loop. */
export interface GatheringFile extends AuditFile {
  /**
   * Resolves when every line told so far is in the file, and rejects when they could not be appended. What a line
   * is about may be carried out after that and not before.
   */
  readonly written: () => Promise<void>;
}

/**
 * Gathers the lines of a turn. `defer` runs what it is given before the next turn begins; `setImmediate` as a rule.
 * Closing appends what waits.
 */
export function gatherLines(
  { write, close }: AuditFile,
  defer: (work: () => void) => void = setImmediate,
): GatheringFile {
  let lines = '';
  let flush: PromiseWithResolvers<void> | undefined;
  const nothing = Promise.resolve();

  function append(): void {
    const [text, waiting] = [lines, flush];
    if (waiting === undefined) return;
    lines = '';
    flush = undefined;
    try {
      write(text);
      waiting.resolve();
    } catch (error) {
      waiting.reject(error);
    }
  }

  return {
    write(line) {
      lines += line;
      if (flush !== undefined) return;
      flush = Promise.withResolvers();
      // Who waits for the lines hears of a failure.
      flush.promise.catch(() => undefined);
      defer(append);
    },
    written: () => flush?.promise ?? nothing,
    close() {
      append();
      close();
    },
  };
}

/** Says what goes on while it goes on. */
export interface Progress {
  /** A new measurement begins. */
  readonly begin: (title: string) => void;
  /** What is done right now; only a terminal shows each. */
  readonly step: (text: string) => void;
  readonly end: () => void;
}

export interface ProgressOptions {
  /** On a terminal one line is rewritten, elsewhere each measurement has one line. */
  readonly terminal: boolean;
  readonly write: (text: string) => void;
}

const CLEAR = '\r\u001b[K';

export function createProgress({ terminal, write }: ProgressOptions): Progress {
  let current = '';
  return {
    begin: (title) => {
      current = title;
      write(terminal ? `${CLEAR}${title}` : `${title}\n`);
    },
    step: (text) => {
      if (terminal) write(`${CLEAR}${current}: ${text}`);
    },
    end: () => {
      if (terminal) write(CLEAR);
    },
  };
}

/** What one contender did in one slice of time. */
export interface Slice {
  readonly calls: number;
  /** User and system time of the process that did the work, all threads, microseconds. */
  readonly cpuMicros: number;
}

/** Works for about that many milliseconds. Rejects when an answer is wrong, or came from where it must not. */
export type Run = (milliseconds: number) => Promise<Slice>;

/** What a measurement may use while it is set up. */
export interface Stage {
  /** Private folder of this run. */
  readonly dir: string;
  /** Called in reverse order when the measurement is over, however it ended. */
  readonly defer: (cleanUp: () => Promise<void> | void) => void;
}

/** One contender of a measurement. */
export interface ContenderInfo {
  readonly id: string;
  /** As in the table. */
  readonly label: string;
}

/** Several ways to do the same thing, measured side by side. */
export interface Measurement {
  readonly id: string;
  readonly title: string;
  readonly contenders: readonly ContenderInfo[];
  /** Id of the contender that the others are compared with. */
  readonly baseline: string;
  /** How each contender runs, by id. One that cannot be had here says why instead. */
  readonly setUp: (stage: Stage) => Promise<Readonly<Record<string, Run | Missing>>>;
}

/** Why something was not measured. */
export interface Missing {
  readonly missing: string;
}

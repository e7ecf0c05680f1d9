/** What one contender did in one slice of time. */
export interface Slice {
  readonly calls: number;
  /** User and system time of the process that did the work, all threads, microseconds. */
  readonly cpuMicros: number;
  /** Time on the clock, milliseconds. */
  readonly milliseconds: number;
}

/** Works for about that many milliseconds. Rejects when an answer is wrong, or came from where it must not. */
export type Run = (milliseconds: number) => Promise<Slice>;

/** Gets a contender ready: its process started, its cache filled. One that cannot be had here says why instead. */
export type Start = () => Promise<Run | Missing>;

/** What a measurement may use while it is set up. */
export interface Stage {
  /** Private folder of this run. */
  readonly dir: string;
  /** Called in reverse order when the measurement is over, however it ended. */
  readonly defer: (cleanUp: () => Promise<void> | void) => void;
  /** Tells something that is found beside the slices, such as bytes. */
  readonly note: (name: string, value: number) => void;
}

/** One contender of a measurement. */
export interface ContenderInfo {
  readonly id: string;
  /** As in the table. */
  readonly label: string;
  /** False for one that a quick run leaves out. */
  readonly quick?: false;
}

/** Several ways to do the same thing, measured side by side. */
export interface Measurement {
  readonly id: string;
  readonly title: string;
  readonly contenders: readonly ContenderInfo[];
  /** Id of the contender that the others are compared with. */
  readonly baseline: string;
  /** How each contender is started, by id. */
  readonly setUp: (stage: Stage) => Promise<Readonly<Record<string, Start>>>;
}

/** Something that is counted and not timed call by call. */
export interface Trial {
  readonly id: string;
  readonly title: string;
  /** What is found, by name, and what it is called in the table. */
  readonly facts: Readonly<Record<string, string>>;
  /** Gets all ready for what is observed. `windows`: how often what is timed is repeated. */
  readonly setUp: (stage: Stage, windows: number) => Promise<Observe | Missing>;
}

/** Looks, once. */
export type Observe = () => Promise<Found>;

/** What was found in a trial, by the names of its facts. */
export interface Found {
  readonly facts: Readonly<Record<string, number>>;
}

/** Why something was not measured. */
export interface Missing {
  readonly missing: string;
}

import type { DemoPlatform } from './demo-platform.ts';
import type { Person } from './person.ts';

/** What a step shows: sentences for people, facts for programs. No token is in either. */
export interface Shown {
  readonly lines: readonly string[];
  readonly facts?: Readonly<Record<string, unknown>>;
}

/** The world a step acts in. */
export interface Stage {
  readonly platform: DemoPlatform;
  /** A person at a client of SDK 2.x, logged in when first needed; the same one for the same name. */
  readonly person: (username: string) => Promise<Person>;
  /** The same on SDK 1.x (protocol revision 2025-11-25). */
  readonly onOlderClient: (username: string) => Promise<Person>;
}

/** One step of the story. It fails by throwing. */
export interface Step {
  readonly name: string;
  readonly title: string;
  /** The part of the platform that this step proves, named when it fails without a better clue. */
  readonly hop: string;
  readonly play: (stage: Stage) => Promise<Shown>;
}

/** Refuses to go on with anything but the expected. */
export function expectThat(condition: boolean, sentence: string): asserts condition {
  if (!condition) throw new Error(sentence);
}

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Stage } from './measurement.ts';

/** A stage, what was noted on it, and how to leave it: everything that was put off is done, last first, and the folder goes. */
export interface OpenStage extends Stage {
  readonly facts: () => Readonly<Record<string, number>>;
  readonly close: () => Promise<void>;
}

export async function openStage(): Promise<OpenStage> {
  const dir = await mkdtemp(join(tmpdir(), 'mcp-obo-bench-'));
  const cleanUps: (() => Promise<void> | void)[] = [() => rm(dir, { recursive: true, force: true })];
  const facts = new Map<string, number>();
  return {
    dir,
    defer: (cleanUp) => void cleanUps.push(cleanUp),
    note: (name, value) => void facts.set(name, value),
    facts: () => Object.fromEntries(facts),
    close: async () => {
      for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
    },
  };
}

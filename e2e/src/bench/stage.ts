import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Stage } from './measurement.ts';

/** A stage, and how to leave it: everything that was put off is done, last first, and the folder goes. */
export async function openStage(): Promise<Stage & { readonly close: () => Promise<void> }> {
  const dir = await mkdtemp(join(tmpdir(), 'mcp-obo-bench-'));
  const cleanUps: (() => Promise<void> | void)[] = [() => rm(dir, { recursive: true, force: true })];
  return {
    dir,
    defer: (cleanUp) => void cleanUps.push(cleanUp),
    close: async () => {
      for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
    },
  };
}

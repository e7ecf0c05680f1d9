import type { RecordedRun } from '../recorded-run.ts';

/** The line between the processes of one test run: workers get the environment of the process that began it. */
const variable = 'SECRET_SCAN_RUNS';

/** Tells the workers that start later of a run that is being recorded. */
export function announceRun(name: string, run: RecordedRun, env: NodeJS.ProcessEnv): void {
  env[variable] = JSON.stringify({ ...announcedRuns(env), [name]: run });
}

/** The runs that are being recorded, by name. */
export function announcedRuns(env: NodeJS.ProcessEnv): Readonly<Record<string, RecordedRun>> {
  return JSON.parse(env[variable] ?? '{}') as Record<string, RecordedRun>;
}

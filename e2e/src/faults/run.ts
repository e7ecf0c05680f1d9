import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault } from './faults.ts';
import type { PlantName } from './plants.ts';
import { type Stage, startStage } from './stage.ts';
import { runTraffic, type Tally } from './traffic.ts';

/** What came of one fault. */
export interface Row extends Readonly<Tally> {
  readonly topology: string;
  readonly fault: string;
  /** How often the issuer was asked. */
  readonly asked: number;
}

export interface RunOptions {
  readonly faults: readonly Fault[];
  readonly brokers: number;
  /** How long each fault lasts, not counting what it takes to end it. */
  readonly seconds: number;
  readonly plant?: PlantName;
  readonly signal?: AbortSignal;
  readonly onStage?: (topology: string) => void;
  readonly onRow?: (row: Row) => void;
}

/** How long a process may not know what others know after a fault is over, milliseconds (`rs:revocation-view`). */
const catchingUp = 7000;

/** Tries the faults one after the other, those of a topology on the same processes. */
export async function runFaults(options: RunOptions): Promise<readonly Row[]> {
  const { faults, onRow, signal } = options;
  const rows: Row[] = [];
  for (const topology of new Set(faults.map((fault) => fault.topology))) {
    signal?.throwIfAborted();
    options.onStage?.(topology);
    const stage = await startStage({
      topology,
      brokers: options.brokers,
      ...(options.plant === undefined ? {} : { plant: options.plant }),
    });
    const abort = () => void stage.close();
    signal?.addEventListener('abort', abort);
    try {
      for (const fault of faults.filter((one) => one.topology === topology)) {
        signal?.throwIfAborted();
        const row = await runFault(stage, fault, options);
        rows.push(row);
        onRow?.(row);
      }
    } finally {
      signal?.removeEventListener('abort', abort);
      await stage.close();
    }
  }
  return rows;
}

/** Traffic before the fault, while it lasts, and until the brokers share their cache again. */
async function runFault(stage: Stage, fault: Fault, { seconds, plant }: RunOptions): Promise<Row> {
  if (plant === undefined) await stage.recovered();
  const asked = stage.asked();
  const stop = new AbortController();
  const traffic = runTraffic(stage, stop.signal);
  try {
    await Promise.race([sleep(500), traffic]);
    if (fault.cutsOff) stage.cut(Number.POSITIVE_INFINITY);
    const end = await fault.begin(stage);
    await sleep(seconds * 1000);
    await end();
    if (fault.cutsOff) stage.cut(catchingUp);
    if (plant === undefined) await stage.recovered();
    await sleep(500);
  } finally {
    stop.abort();
  }
  const tally = await traffic;
  return { topology: stage.topology, fault: fault.name, ...tally, asked: stage.asked() - asked };
}

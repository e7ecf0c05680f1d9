import { type Attributes, createNoopMeter, type Meter } from '@opentelemetry/api';

/** One value of a metric. */
export interface Point {
  readonly name: string;
  readonly value: number;
  readonly labels: Attributes | undefined;
}

/** A meter that remembers what it is told. */
export function createRecordingMeter(): { readonly meter: Meter; readonly points: Point[] } {
  const points: Point[] = [];
  const record = (name: string) => (value: number, labels?: Attributes) =>
    void points.push({ name, value, labels });
  const meter = Object.assign(createNoopMeter(), {
    createCounter: (name: string) => ({ add: record(name) }),
    createHistogram: (name: string) => ({ record: record(name) }),
    createGauge: (name: string) => ({ record: record(name) }),
  });
  return { meter, points };
}

import { describe, expect, it } from 'vitest';
import { cpuNames, ratioGoals } from './goals.ts';
import { measurements } from './measurements.ts';
import { readOptions } from './options.ts';
import { resultOf } from './result.ts';
import { summaryOf } from './summary.ts';
import { goalTable } from './table.ts';

const slices = (...cpuMicros: number[]) =>
  cpuMicros.map((micros) => ({ calls: 10, cpuMicros: micros, milliseconds: 100 }));

const broker = resultOf(
  {
    id: 'broker',
    title: 'Broker',
    contenders: ['floor', 'memory', 'redis', 'introspect'].map((id) => ({ id, label: id })),
    baseline: 'floor',
  },
  new Map([
    ['floor', slices(100, 200, 110)],
    ['memory', slices(150, 300, 121)],
    ['redis', slices(300, 300, 242)],
  ]),
  new Map([['introspect', 'there is none']]),
);
const trial = { id: 'stalled-keys', title: 'Stall', labels: {}, facts: { stallSlowdown: 0.0312345 } };
const summary = summaryOf([{ ...broker, facts: { bytesPerEntry: 1300 } }], [trial]);

describe('the short result', () => {
  it('has ratios of contenders in the same round, also when neither is the baseline', () => {
    expect(summary.ratios).toMatchObject({ memoryHitVsFastify: 1.5, redisHitVsMemoryHit: 2 });
  });

  it('has CPU time of a call, and what was counted, to three figures', () => {
    expect(summary).toMatchObject({
      cpuMicros: { fastify: 11, memoryHit: 15 },
      bytesPerEntry: 1300,
      stallSlowdown: 0.0312,
    });
  });

  it('has null for what was not measured, and never a figure that was not found', () => {
    expect(summary).toMatchObject({
      ratios: { introspectVsFastify: null, missVsMemoryHit: null },
      cpuMicros: { introspect: null },
      upstreamCalls: { coldHerd2Replicas: null, refusals200: null, unknownKids200: null },
    });
  });

  it('says of each goal whether it was met', () => {
    const rows = goalTable(summary).split('\n');
    const row = (text: string) => rows.find((line) => line.includes(text));
    expect(row('hit in memory, no span recorded')).toMatch(/≤ 1\.2 +\| +1\.5 +\| missed/);
    expect(row('bytes of memory')).toMatch(/≤ 2048 +\| +1,300 +\| +met/);
    expect(row('introspection')).toContain('not measured');
  });
});

describe('a goal', () => {
  const quick = readOptions(['--quick']);
  const ids = quick === 'help' ? [] : quick.only;
  const places = [...Object.values(ratioGoals).flatMap(({ of, by }) => [of, by]), ...Object.values(cpuNames)];

  it.each(places)('is about what a quick run measures: $measurement, $contender', (place) => {
    const measurement = measurements.find(({ id }) => id === place.measurement);
    expect(ids).toContain(place.measurement);
    expect(measurement?.contenders.find(({ id }) => id === place.contender)).not.toHaveProperty('quick');
    expect(measurement?.contenders.map(({ id }) => id)).toContain(place.contender);
  });
});

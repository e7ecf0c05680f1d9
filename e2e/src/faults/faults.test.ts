import { redisAvailable } from '@mcp-obo/testbed/redis';
import { verifies } from '@mcp-obo/testbed/verifies';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Fault, faults } from './faults.ts';
import { type PlantName, plants } from './plants.ts';
import { wrongAnswers } from './report.ts';
import { type Row, runFaults } from './run.ts';
import { deadlineSeconds } from './stage.ts';

const hasRedis = redisAvailable();

/** What `npm run faults -- --quick` tries, for a shorter time. */
const short = faults.filter(({ quick, name }) => quick === true && name !== 'none');
const titleOf = ({ topology, name }: Pick<Fault, 'topology' | 'name'>) => `${topology}: ${name}`;

describe.skipIf(!hasRedis && process.env.CI !== 'true')(
  'while this goes wrong, brokers give no wrong answer',
  () => {
    let rows: ReadonlyMap<string, Row>;
    beforeAll(async () => {
      const all = await runFaults({ faults: short, brokers: 2, seconds: 1 });
      rows = new Map(
        all.map((row) => [titleOf({ topology: row.topology as Fault['topology'], name: row.fault }), row]),
      );
    }, 600_000);

    it.each(short.map(titleOf))(
      verifies(['tb:redis-down', 'tb:single-flight', 'tb:health'], '%s'),
      (title) => {
        const row = rows.get(title);
        expect(row?.wrong).toEqual({});
        expect(row?.refused).toEqual({});
        expect(row?.answered).toBeGreaterThan(20);
        expect(row?.revocations).toBeGreaterThan(0);
        // A busy machine is given time; what waits for Redis or for a dead broker would wait for longer.
        expect(row?.slowest).toBeLessThan((deadlineSeconds + 5) * 1000);
      },
    );
  },
);

describe.skipIf(!hasRedis && process.env.CI !== 'true')('brokers that are made wrong are found out', () => {
  it.each(Object.entries(plants))('by %s', { timeout: 120_000 }, async (name, { makes }) => {
    const none = faults.filter((fault) => fault.name === 'none' && fault.topology === 'one server');
    const found = await runFaults({ faults: none, brokers: 2, seconds: 3, plant: name as PlantName });
    expect(wrongAnswers(found), makes).toBeGreaterThan(0);
  });
});

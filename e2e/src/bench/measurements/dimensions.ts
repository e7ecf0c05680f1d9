import { redisAvailable, startRedis } from '@mcp-obo/testbed/redis';
import { httpRun, inTurn, prime, type Sent } from '../load.ts';
import type { ContenderInfo, Measurement, Missing, Run, Slice, Stage, Start } from '../measurement.ts';
import { hits, noRedis } from './broker.ts';
import { newSealKey, startBroker } from './broker-process.ts';
import { type BenchIdp, startBenchIdp, target, withExchanges } from './token-endpoint.ts';
import { requestBySecret, requestScopes } from './token-request.ts';

const SUBJECTS = 200;

/** A hit by how many users ask in turn. The broker remembers the grants of 10,000 tokens; beyond, it verifies anew. */
export const users: Measurement = {
  id: 'users',
  title: 'A hit in memory over HTTP, by how many subject tokens come in turn',
  ...oneFor([1, 200, 5000, 20_000], (count) => `${count.toLocaleString('en-US')} subject tokens`),
  setUp: async (stage) => {
    const idp = await startBenchIdp(stage);
    return startsFor([1, 200, 5000, 20_000], async (count) => {
      const at = await startBroker(stage, { issuers: [idp] });
      return hits(stage, { at, idp, each: (await subjectsOf(idp, count)).map(requestBySecret) });
    });
  },
};

/** A hit by how many scopes are asked for. */
export const scopes: Measurement = {
  id: 'scopes',
  title: 'A hit in memory over HTTP, by how many scopes are asked for',
  ...oneFor([1, 10, 50], (count) => (count === 1 ? '1 scope' : `${count} scopes`)),
  setUp: async (stage) => {
    const idp = await startBenchIdp(stage);
    const subjects = await subjectsOf(idp, SUBJECTS);
    return startsFor([1, 10, 50], async (count) => {
      const moreScopes = Array.from({ length: count - 1 }, (_, n) => `api:expenses.scope-${n}`);
      const at = await startBroker(stage, { issuers: [idp], moreScopes });
      const asked = [target.scope, ...moreScopes];
      return hits(stage, { at, idp, each: subjects.map((token) => requestScopes(token, asked)) });
    });
  },
};

/** A hit by how many replicas share a Redis; the CPU time is that of all of them. */
export const replicas: Measurement = {
  id: 'replicas',
  title: 'A hit in memory over HTTP, by how many replicas share a Redis, CPU time of all of them',
  ...oneFor([1, 2, 3, 4], (count) => (count === 1 ? '1 replica' : `${count} replicas`)),
  setUp: async (stage) => {
    const idp = await startBenchIdp(stage);
    const each = (await subjectsOf(idp, SUBJECTS)).map(requestBySecret);
    return startsFor([1, 2, 3, 4], (count) => replicated(stage, idp, { count, each }));
  },
};

async function replicated(
  stage: Stage,
  idp: BenchIdp,
  { count, each }: { count: number; each: readonly Sent[] },
): Promise<Run | Missing> {
  if (!redisAvailable()) return noRedis;
  const { url, stop } = await startRedis();
  stage.defer(stop);
  const sealKey = newSealKey();
  const runs: Run[] = [];
  for (let n = 0; n < count; n++) {
    const at = await startBroker(stage, { issuers: [idp], cache: { url }, sealKey });
    await prime(stage, at, each);
    runs.push(httpRun(stage, { ...at, next: inTurn(each as [Sent]), connections: Math.ceil(8 / count) }));
  }
  const together: Run = async (milliseconds) =>
    (await Promise.all(runs.map((run) => run(milliseconds)))).reduce(sumOf);
  return withExchanges(together, idp, 0);
}

function sumOf(one: Slice, other: Slice): Slice {
  return {
    calls: one.calls + other.calls,
    cpuMicros: one.cpuMicros + other.cpuMicros,
    milliseconds: Math.max(one.milliseconds, other.milliseconds),
  };
}

function subjectsOf(idp: BenchIdp, count: number): Promise<readonly string[]> {
  return Promise.all(Array.from({ length: count }, idp.subjectToken));
}

/** A contender for each number; the first is what the others are compared with. */
function oneFor(counts: readonly number[], label: (count: number) => string) {
  const contenders = counts.map((count): ContenderInfo => ({ id: String(count), label: label(count) }));
  return { contenders, baseline: String(counts[0]) };
}

function startsFor(
  counts: readonly number[],
  start: (count: number) => Promise<Run | Missing>,
): Readonly<Record<string, Start>> {
  return Object.fromEntries(counts.map((count): [string, Start] => [String(count), () => start(count)]));
}

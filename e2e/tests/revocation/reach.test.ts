import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Platform } from '@mcp-obo/platform';
import { redisAvailable } from '@mcp-obo/testbed/redis';
import { verifies } from '@mcp-obo/testbed/verifies';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { askBroker } from '../clients/fixture/exchange-as-mcp-server.ts';
import { revokeAsMcpServer } from '../clients/fixture/revoke-as-mcp-server.ts';
import { startTestPlatform } from '../clients/fixture/test-platform.ts';
import { logInEverywhere } from './fixture/log-in-everywhere.ts';
import { type Replica, startReplica } from './fixture/replica.ts';

const rawData = fileURLToPath(new URL('../../../artifacts/revocation.json', import.meta.url));
const revocations = 20;

let platform: Platform;
let replica: Replica;

/** Where a login can be used, and the status of an answer when its token is revoked. */
async function openEverywhere() {
  const { accessToken, atServer, atApi } = await logInEverywhere(platform);
  const atBroker = async (broker: string) => {
    const { urls, secrets } = platform;
    return (await askBroker({ urls: { ...urls, broker }, secrets }, { subjectToken: accessToken })).status;
  };
  const ways = {
    'the broker that was told': { ask: () => atBroker(platform.urls.broker), refused: 400 },
    'another broker': { ask: () => atBroker(replica.url), refused: 400 },
    'the MCP server': { ask: atServer, refused: 401 },
    'the API, for what was obtained': { ask: atApi, refused: 401 },
  } as const;
  return { accessToken, ways: Object.entries(ways) };
}

describe.skipIf(!redisAvailable())('from the answer of /revoke to the first refusal', () => {
  beforeAll(async () => {
    platform = await startTestPlatform({ redis: 'own' });
    replica = await startReplica(platform.runDir);
  });
  afterAll(async () => {
    await replica?.stop();
    await platform?.stop();
  });

  it(
    verifies(['tb:revocation', 'rs:revoked'], 'is measured at every replica, and every one refuses'),
    async ({ annotate }) => {
      const measured = new Map<string, number[]>();
      for (let run = 0; run < revocations; run += 1) {
        const { accessToken, ways } = await openEverywhere();
        for (const [name, { ask }] of ways) {
          expect(await ask()).toBe(200);
          if (run === 0) measured.set(name, []);
        }
        // A Redis that is too slow on a busy machine is 503, after which a client asks again.
        const revoke = () => revokeAsMcpServer(platform, accessToken);
        await expect.poll(revoke, { timeout: 20_000, interval: 200 }).toBe(200);
        const answered = performance.now();
        await Promise.all(
          ways.map(async ([name, { ask, refused }]) => {
            await expect.poll(ask, { timeout: 20_000, interval: 5 }).toBe(refused);
            measured.get(name)?.push(Math.round(performance.now() - answered));
          }),
        );
      }
      const table = [...measured].map(([at, times]) => {
        const sorted = times.toSorted((a, b) => a - b);
        return { at, median: sorted[revocations / 2], slowest: sorted.at(-1), times };
      });
      expect(table.map(({ times }) => times.length)).toEqual(Array(4).fill(revocations));
      mkdirSync(dirname(rawData), { recursive: true });
      writeFileSync(rawData, `${JSON.stringify({ unit: 'ms', revocations, table }, null, 2)}\n`);
      for (const { at, median, slowest } of table)
        await annotate(`${at}: median ${median} ms, slowest ${slowest} ms of ${revocations}`);
    },
  );
});

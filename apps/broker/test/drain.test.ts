import { verifies } from '@mcp-obo/testbed/verifies';
import { describe, expect, it } from 'vitest';
import { startedBroker } from './started-broker.ts';

describe('a broker that is told to end', { timeout: 20_000 }, () => {
  it(
    verifies('tb:health', 'answers what has begun, on connections that their clients would keep'),
    async () => {
      const { broker, url, endpoint, post } = await startedBroker();
      const asked = endpoint.asked();
      const atTheIssuer = await post();
      atTheIssuer.finish();
      await asked;
      const halfSent = await post();
      // Its first bytes are in when a request behind them is answered.
      await fetch(`${url}/ready`);
      broker.signal('SIGTERM');
      await broker.says('"msg":"closing"');
      await expect.poll(() => fetch(`${url}/health`).catch(() => 'refused')).toBe('refused');
      const askedAgain = endpoint.asked();
      halfSent.finish();
      await askedAgain;
      endpoint.answer();
      for (const { answer } of [atTheIssuer, halfSent])
        expect(await answer).toMatchObject({
          status: 200,
          connection: 'close',
          body: { scope: 'api:expenses.read' },
        });
      const { code, errors, output } = await broker.ended;
      expect([code, errors]).toEqual([0, '']);
      const records = output.split('\n').filter((line) => line.includes('"schema":"mcp-obo.audit/1"'));
      expect(records).toHaveLength(2);
    },
  );
});

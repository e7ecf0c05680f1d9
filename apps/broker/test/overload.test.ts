import { verifies } from '@mcp-obo/testbed/verifies';
import { describe, expect, it } from 'vitest';
import { startedBroker } from './started-broker.ts';

describe('a broker that has as much to do as it may', { timeout: 60_000 }, () => {
  it(
    verifies(
      ['tb:retry', 'tb:health'],
      'P08: answers more with 503 and Retry-After at once, says that it lives, and finishes what has begun',
    ),
    async () => {
      const { broker, url, endpoint, post } = await startedBroker({ requests_at_once: 2 });
      const working = [];
      for (let count = 0; count < 2; count += 1) {
        const asked = endpoint.asked();
        const request = await post();
        request.finish();
        await asked;
        working.push(request.answer);
      }
      // Its body never comes to an end: it is turned away before.
      const more = await post();
      const refusal = await more.answer;
      expect(refusal).toMatchObject({
        status: 503,
        connection: 'close',
        body: { error: 'temporarily_unavailable' },
      });
      expect(refusal.retryAfter).toBe('1');
      for (const path of ['/health', '/ready']) expect((await fetch(url + path)).status).toBe(200);
      endpoint.answer();
      for (const answer of working) expect(await answer).toMatchObject({ status: 200 });
      const asked = endpoint.asked();
      const next = await post();
      next.finish();
      await asked;
      endpoint.answer();
      expect(await next.answer).toMatchObject({ status: 200 });
      await broker.says('requests are taken again');
      broker.signal('SIGTERM');
      const { output } = await broker.ended;
      expect(output.match(/too many requests at once/g)).toHaveLength(1);
    },
  );

  it(
    verifies('tb:retry', 'gives up waiting for an issuer when its client does (RFC 7240 §4.3)'),
    async () => {
      const { endpoint, post } = await startedBroker();
      const asked = endpoint.asked();
      const hasty = await post({ prefer: 'wait=1' });
      const patient = await post({ prefer: 'wait=60' });
      hasty.finish();
      patient.finish();
      await asked;
      expect(await hasty.answer).toMatchObject({ status: 503, body: { error: 'temporarily_unavailable' } });
      endpoint.answer();
      expect(await patient.answer).toMatchObject({ status: 200 });
    },
  );
});

import { createTestIssuer } from '@mcp-obo/testbed/issuer';
import { Pool } from 'undici';
import { httpRun, inTurn, prime, type Sent } from '../load.ts';
import type { Trial } from '../measurement.ts';
import { startBroker, type TrustedIssuer } from '../measurements/broker-process.ts';
import { answerOf, startIssuers, subjectTokenOf } from '../measurements/token-endpoint.ts';
import { requestBySecret } from '../measurements/token-request.ts';
import { spreadOf } from '../statistics.ts';

const STALL_MS = 1000;
const QUIET_MS = 500;
const WARM_UP_MS = 2000;
const SUBJECTS = 200;
/** Requests that wait for the keys that stall. */
const WAITING = 50;

/** What others notice while the keys of one issuer take a second to come. */
export const stalledKeys: Trial = {
  id: 'stalled-keys',
  title: 'Callers of one issuer while the keys of another stall for a second',
  facts: { stallSlowdown: 'how much longer a hit takes them, as a part of the time without the stall' },
  setUp: async (stage, windows) => {
    const issuer = createTestIssuer({ issuer: 'https://idp.example/acme' });
    // Keys that were fetched do not stall again soon: each window has an issuer of its own.
    const stalled = Array.from({ length: windows }, (_, n) =>
      createTestIssuer({ issuer: `https://idp.example/stalled-${n}`, alg: 'ES256' }),
    );
    const answer = await answerOf(issuer);
    const idp = await startIssuers(stage, {
      acme: { jwks: issuer.jwks(), answer },
      ...Object.fromEntries(
        stalled.map((one, n) => [`stalled-${n}`, { jwks: one.jwks(), keysAfterMs: STALL_MS + 400 }]),
      ),
    });
    const at = (name: string, one: TrustedIssuer['issuer']): TrustedIssuer => ({
      issuer: one,
      jwksUri: idp.jwksUri(name),
      tokenEndpoint: idp.tokenEndpoint(name),
    });
    const issuers = [at('acme', issuer), ...stalled.map((one, n) => at(`stalled-${n}`, one))];
    const broker = await startBroker(stage, { issuers });
    const subjects = await Promise.all(Array.from({ length: SUBJECTS }, () => subjectTokenOf(issuer)));
    const each = subjects.map(requestBySecret) as [Sent];
    await prime(stage, broker, each);
    const times: number[] = [];
    const onAnswer = (milliseconds: number) => void times.push(milliseconds);
    const run = httpRun(stage, { ...broker, next: inTurn(each), onAnswer });
    await run(WARM_UP_MS);
    /** The median, which a pause of the machine does not move. */
    const timeOfHits = async (milliseconds: number) => {
      times.length = 0;
      await run(milliseconds);
      return spreadOf(times).median;
    };

    const pool = new Pool(broker.origin, { connections: WAITING });
    stage.defer(() => pool.close());
    return async () => {
      const slowdowns: number[] = [];
      let before = await timeOfHits(QUIET_MS);
      for (const one of stalled) {
        const waiting = requestBySecret(await subjectTokenOf(one));
        const answered: number[] = [];
        const held = Array.from({ length: WAITING }, async () => {
          const { body } = await pool.request({ path: '/token', method: 'POST', ...waiting });
          await body.dump();
          answered.push(performance.now());
        });
        const during = await timeOfHits(STALL_MS);
        if (answered.length > 0)
          throw new Error('The keys did not stall for as long as the others were measured.');
        await Promise.all(held);
        const after = await timeOfHits(QUIET_MS);
        slowdowns.push(during / ((before + after) / 2) - 1);
        before = after;
      }
      return { facts: { stallSlowdown: spreadOf(slowdowns).median } };
    };
  },
};

import { createTestIssuer } from '@mcp-obo/testbed/issuer';
import { redisAvailable, startRedis } from '@mcp-obo/testbed/redis';
import { request } from 'undici';
import type { Sent } from '../load.ts';
import type { Trial } from '../measurement.ts';
import { noRedis } from '../measurements/broker.ts';
import { type BrokerProcess, newSealKey, startBroker } from '../measurements/broker-process.ts';
import { answerOf, startIssuers, subjectTokenOf } from '../measurements/token-endpoint.ts';
import { requestBySecret } from '../measurements/token-request.ts';

/** How often the identity provider is asked for the same. */
export const upstreamCalls: Trial = {
  id: 'upstream-calls',
  title: 'Requests that reach the identity provider',
  facts: {
    coldHerd2Replicas: 'exchanges for 1,000 identical requests at once, never seen before, over 2 replicas',
    refusals200: 'exchanges for 200 identical requests that it refuses, one after the other',
    unknownKids200: 'key fetches for 200 tokens of unknown keys, eight at a time',
  },
  setUp: async (stage) => {
    if (!redisAvailable()) return noRedis;
    const redis = await startRedis();
    stage.defer(redis.stop);
    const issuer = createTestIssuer({ issuer: 'https://idp.example/acme' });
    const refusing = createTestIssuer({ issuer: 'https://idp.example/refusing' });
    const answer = await answerOf(issuer);
    const idp = await startIssuers(stage, {
      acme: { jwks: issuer.jwks(), answer },
      refusing: { jwks: refusing.jwks() },
    });
    const issuers = [
      { issuer, jwksUri: idp.jwksUri('acme'), tokenEndpoint: idp.tokenEndpoint('acme') },
      { issuer: refusing, jwksUri: idp.jwksUri('refusing'), tokenEndpoint: idp.tokenEndpoint('refusing') },
    ];
    const sealKey = newSealKey();
    const replica = () => startBroker(stage, { issuers, cache: { url: redis.url }, sealKey });
    const [one, other] = await Promise.all([replica(), replica()]);

    // Both are warm and have their keys, so that all that is counted is what the requests cause.
    for (const at of [one, other]) await post(at, requestBySecret(await subjectTokenOf(issuer)), 200);
    const counted = async (what: 'tokens' | 'keys', name: string, work: () => Promise<unknown>) => {
      const before = await idp.asked(what, name);
      await work();
      return (await idp.asked(what, name)) - before;
    };

    return async () => {
      const herd = requestBySecret(await subjectTokenOf(issuer));
      const coldHerd2Replicas = await counted('tokens', 'acme', () =>
        Promise.all(Array.from({ length: 1000 }, (_, n) => post(n % 2 === 0 ? one : other, herd, 200))),
      );

      const refused = requestBySecret(await subjectTokenOf(refusing));
      const refusals200 = await counted('tokens', 'refusing', async () => {
        for (let n = 0; n < 200; n++) await post(one, refused, 400);
      });

      const unknown = await unknownKids(200);
      const unknownKids200 = await counted('keys', 'acme', () =>
        Promise.all(
          Array.from({ length: 8 }, async (_, worker) => {
            for (let n = worker; n < unknown.length; n += 8)
              await post(one, requestBySecret(unknown[n] ?? ''), [400, 503]);
          }),
        ),
      );
      return { facts: { coldHerd2Replicas, refusals200, unknownKids200 } };
    };
  },
};

/** Tokens as a forger makes them: the issuer's name, and each with a key id that nobody knows. */
async function unknownKids(count: number): Promise<readonly string[]> {
  const forger = createTestIssuer({ issuer: 'https://idp.example/acme', ownKey: true });
  return Promise.all(
    Array.from({ length: count }, (_, n) =>
      forger.mint({ exp: Math.floor(Date.now() / 1000) + 3600 }, { header: { kid: `unknown-${n}` } }),
    ),
  );
}

async function post({ url }: BrokerProcess, sent: Sent, wanted: number | readonly number[]): Promise<void> {
  const { statusCode, body } = await request(url, { method: 'POST', ...sent });
  const text = await body.text();
  if (![wanted].flat().includes(statusCode))
    throw new Error(`${url} answered ${statusCode} ${text.slice(0, 300)}`);
}

import { randomUUID } from 'node:crypto';
import { createSigningKey } from '@mcp-obo/testbed/issuer';
import { redisAvailable, startRedis } from '@mcp-obo/testbed/redis';
import { SignJWT } from 'jose';
import { startContender } from '../contender-process.ts';
import { httpRun, inTurn, type NextRequest, onceEach, prime, type Sent } from '../load.ts';
import type { Measurement, Missing, Run, Stage } from '../measurement.ts';
import { startBroker } from './broker-process.ts';
import { type BenchIdp, startBenchIdp, type TokenEndpointData, withExchanges } from './token-endpoint.ts';
import { brokerSecret, clientId, requestByAssertion, requestBySecret } from './token-request.ts';

/** What the floor is started with. */
export type FormFloorData = Pick<TokenEndpointData, 'answer'>;

const SUBJECTS = 200;

/** A token exchange (RFC 8693) at apps/broker, in its own process and over real HTTP. */
export const broker: Measurement = {
  id: 'broker',
  title: `Broker, \`POST /token\` over HTTP, ${SUBJECTS} subject tokens in turn`,
  contenders: [
    { id: 'floor', label: 'Fastify that parses the form and answers a constant' },
    { id: 'memory', label: 'hit in memory, client secret' },
    { id: 'redis', label: 'hit in Redis, client secret' },
    { id: 'assertion', label: 'hit in memory, `private_key_jwt` (a new one each call)' },
    { id: 'miss', label: 'miss: a subject token never seen, exchanged' },
  ],
  baseline: 'floor',
  setUp: async (stage) => {
    const idp = await startBenchIdp(stage);
    const subjects = await Promise.all(Array.from({ length: SUBJECTS }, idp.subjectToken));
    return {
      floor: await floor(stage, idp, subjects),
      memory: await hits(stage, idp, subjects),
      redis: await redisHits(stage, idp, subjects),
      assertion: await assertionHits(stage, idp, subjects),
      miss: await misses(stage, idp),
    };
  },
};

const isRight = (body: string) => body.includes('"access_token"');
const clientSecret = { method: 'client_secret', secret: { value: brokerSecret } };

async function floor(stage: Stage, { answer }: BenchIdp, subjects: readonly string[]): Promise<Run> {
  const server = await startContender(stage, 'form-floor.ts', { answer } satisfies FormFloorData);
  return httpRun(stage, { url: `${await server.ready}/token`, next: repeating(subjects), isRight, server });
}

async function hits(stage: Stage, idp: BenchIdp, subjects: readonly string[], redis?: string): Promise<Run> {
  const at = await startBroker(stage, { idp, auth: clientSecret, ...(redis !== undefined && { redis }) });
  await prime(stage, { ...at, isRight }, subjects.map(requestBySecret));
  return withExchanges(httpRun(stage, { ...at, next: repeating(subjects), isRight }), idp, 0);
}

async function redisHits(stage: Stage, idp: BenchIdp, subjects: readonly string[]): Promise<Run | Missing> {
  if (!redisAvailable()) return { missing: 'there is no `redis-server` on the PATH' };
  const redis = await startRedis();
  stage.defer(redis.stop);
  return hits(stage, idp, subjects, redis.url);
}

/** As the platform's own MCP server does it: each request with an assertion of its own, which is checked for replay. */
async function assertionHits(stage: Stage, idp: BenchIdp, subjects: readonly string[]): Promise<Run> {
  const key = createSigningKey('ES256', 'bench-1');
  const at = await startBroker(stage, {
    idp,
    auth: { method: 'private_key_jwt', jwks: { keys: [key.jwk] } },
  });
  const sign = () =>
    new SignJWT()
      .setProtectedHeader({ alg: 'ES256', kid: key.kid })
      .setIssuer(clientId)
      .setSubject(clientId)
      .setAudience(at.url)
      .setJti(randomUUID())
      .setIssuedAt()
      .setExpirationTime('4m')
      .sign(key.privateKey);
  const requests = (subjectTokens: readonly string[]) =>
    Promise.all(subjectTokens.map(async (token) => requestByAssertion(token, await sign())));
  const subject = inTurn(subjects as [string]);
  await prime(stage, { ...at, isRight }, await requests(subjects));
  const run = onceEach(stage, { ...at, isRight }, (milliseconds) =>
    requests(Array.from({ length: milliseconds * 6 }, subject)),
  );
  return withExchanges(run, idp, 0);
}

async function misses(stage: Stage, idp: BenchIdp): Promise<Run> {
  const at = await startBroker(stage, { idp, auth: clientSecret });
  const run = onceEach(stage, { ...at, isRight }, async (milliseconds) => {
    const subjects = await Promise.all(Array.from({ length: milliseconds * 2 }, idp.subjectToken));
    return subjects.map(requestBySecret);
  });
  return withExchanges(run, idp, 1);
}

function repeating(subjects: readonly string[]): NextRequest {
  return inTurn(subjects.map(requestBySecret) as [Sent]);
}

import { randomUUID } from 'node:crypto';
import { createSigningKey } from '@mcp-obo/testbed/issuer';
import { redisAvailable, startRedis } from '@mcp-obo/testbed/redis';
import { SignJWT } from 'jose';
import { startContender } from '../contender-process.ts';
import { httpRun, inTurn, type LoadOptions, type NextRequest } from '../load.ts';
import type { Measurement, Missing, Run, Stage } from '../measurement.ts';
import { clientId, startBroker } from './broker-process.ts';
import {
  type BenchIdp,
  startBenchIdp,
  type TokenEndpointData,
  target,
  withExchanges,
} from './token-endpoint.ts';

/** What the floor is started with. */
export type FormFloorData = Pick<TokenEndpointData, 'answer'>;

const SUBJECTS = 200;
const PRIMING_MS = 60_000;
const secret = 'a-long-random-secret-of-the-bench';

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
const basic = { authorization: `Basic ${Buffer.from(`${clientId}:${secret}`).toString('base64')}` };
const clientSecret = { method: 'client_secret', secret: { value: secret } };

async function floor(stage: Stage, { answer }: BenchIdp, subjects: readonly string[]): Promise<Run> {
  const server = await startContender(stage, 'form-floor.ts', { answer } satisfies FormFloorData);
  return httpRun(stage, { url: `${await server.ready}/token`, next: repeating(subjects), isRight, server });
}

async function hits(stage: Stage, idp: BenchIdp, subjects: readonly string[], redis?: string): Promise<Run> {
  const at = await startBroker(stage, { idp, auth: clientSecret, ...(redis !== undefined && { redis }) });
  await prime(stage, { ...at, isRight }, subjects.map(exchangeRequest));
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
    Promise.all(
      subjectTokens.map(async (token) => ({
        headers: formHeaders,
        body: `${exchangeForm(token)}&${assertionForm(await sign())}`,
      })),
    );
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
    return subjects.map(exchangeRequest);
  });
  return withExchanges(run, idp, 1);
}

type Sent = NonNullable<ReturnType<NextRequest>>;

/** Sends requests that are made before each slice, each of them once. */
function onceEach(
  stage: Stage,
  options: Omit<LoadOptions, 'next'>,
  make: (milliseconds: number) => Promise<readonly Sent[]>,
): Run {
  let requests: Sent[] = [];
  const run = httpRun(stage, { ...options, next: () => requests.pop() });
  return async (milliseconds) => {
    requests = [...(await make(milliseconds))];
    return run(milliseconds);
  };
}

/** Sends each request once, however long it takes, so that what follows is in the cache. */
async function prime(
  stage: Stage,
  options: Omit<LoadOptions, 'next'>,
  requests: readonly Sent[],
): Promise<void> {
  const { calls } = await onceEach(stage, options, async () => requests)(PRIMING_MS);
  if (calls < requests.length) throw new Error(`${options.url} takes too long to fill its cache.`);
}

function repeating(subjects: readonly string[]): NextRequest {
  return inTurn(subjects.map(exchangeRequest) as [Sent]);
}

function exchangeRequest(subjectToken: string): Sent {
  return { headers: { ...formHeaders, ...basic }, body: exchangeForm(subjectToken) };
}

const formHeaders = { 'content-type': 'application/x-www-form-urlencoded' };

function exchangeForm(subjectToken: string): string {
  return String(
    new URLSearchParams({
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token: subjectToken,
      subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      audience: target.name,
      scope: target.scope,
    }),
  );
}

function assertionForm(assertion: string): string {
  return String(
    new URLSearchParams({
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: assertion,
    }),
  );
}

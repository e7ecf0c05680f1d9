import { randomUUID } from 'node:crypto';
import { createSigningKey } from '@mcp-obo/testbed/issuer';
import { redisAvailable, startRedis } from '@mcp-obo/testbed/redis';
import { SignJWT } from 'jose';
import { startContender } from '../contender-process.ts';
import { httpRun, inTurn, onceEach, prime, type Sent } from '../load.ts';
import type { Measurement, Missing, Run, Stage, Start } from '../measurement.ts';
import { type BrokerProcess, startBroker } from './broker-process.ts';
import { type BenchIdp, type IssuerData, startBenchIdp, withExchanges } from './token-endpoint.ts';
import {
  clientId,
  isToken,
  requestByAssertion,
  requestBySecret,
  requestIntrospection,
} from './token-request.ts';

/** What the floor is started with. */
export type FormFloorData = Required<Pick<IssuerData, 'answer'>>;

const SUBJECTS = 200;

/** A token exchange (RFC 8693) at apps/broker, in its own process and over real HTTP. */
export const broker: Measurement = {
  id: 'broker',
  title: `Broker, \`POST /token\` over HTTP, ${SUBJECTS} subject tokens in turn`,
  contenders: [
    { id: 'floor', label: 'Fastify that parses the form and answers a constant' },
    { id: 'memory', label: 'hit in memory, client secret' },
    { id: 'traced', label: 'the same, its spans sent to a receiver' },
    { id: 'redis', label: 'hit in Redis, client secret' },
    { id: 'miss', label: 'miss: a subject token never seen, exchanged' },
    { id: 'introspect', label: '`POST /introspect` by the resource, of the same tokens' },
    { id: 'assertion', label: 'hit in memory, `private_key_jwt` (a new one each call)', quick: false },
  ],
  baseline: 'floor',
  setUp: async (stage) => {
    const idp = await startBenchIdp(stage);
    const subjects = await Promise.all(Array.from({ length: SUBJECTS }, idp.subjectToken));
    const each = subjects.map(requestBySecret);
    const hitsAt = (at: BrokerProcess) => hits(stage, { at, idp, each });
    return {
      floor: () => floor(stage, idp, each),
      memory: async () => hitsAt(await startBroker(stage, { issuers: [idp] })),
      traced: () => traced(stage, idp, hitsAt),
      redis: () => redisHits(stage, idp, hitsAt),
      miss: () => misses(stage, idp),
      introspect: () => introspections(stage, idp, subjects),
      assertion: () => assertionHits(stage, idp, subjects),
    } satisfies Record<string, Start>;
  },
};

async function floor(stage: Stage, { answer }: BenchIdp, each: readonly Sent[]): Promise<Run> {
  const server = await startContender(stage, 'form-floor.ts', { answer } satisfies FormFloorData);
  const next = inTurn(each as [Sent]);
  return httpRun(stage, { url: `${await server.ready}/token`, next, isRight: isToken, server });
}

/** Requests in turn whose answers are kept. */
export async function hits(
  stage: Stage,
  { at, idp, each }: { at: BrokerProcess; idp: BenchIdp; each: readonly Sent[] },
): Promise<Run> {
  await prime(stage, at, each);
  return withExchanges(httpRun(stage, { ...at, next: inTurn(each as [Sent]) }), idp, 0);
}

/** Tracing as a deployment with a collector has it, at the default of the sampling. */
async function traced(
  stage: Stage,
  idp: BenchIdp,
  hitsAt: (at: BrokerProcess) => Promise<Run>,
): Promise<Run> {
  const receiver = await startContender(stage, 'span-receiver.ts', {});
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: String(await receiver.ready) };
  const run = await hitsAt(await startBroker(stage, { issuers: [idp], env }));
  return async (milliseconds) => {
    const slice = await run(milliseconds);
    if (Number(await receiver.ask('requests')) === 0) throw new Error('No span was sent.');
    return slice;
  };
}

async function redisHits(
  stage: Stage,
  idp: BenchIdp,
  hitsAt: (at: BrokerProcess) => Promise<Run>,
): Promise<Run | Missing> {
  if (!redisAvailable()) return noRedis;
  const { url, stop } = await startRedis();
  stage.defer(stop);
  return hitsAt(await startBroker(stage, { issuers: [idp], cache: { url, memory_mib: 0 } }));
}

export const noRedis: Missing = { missing: 'there is no `redis-server` on the PATH' };

/** As the platform's own MCP server does it: each request with an assertion of its own, which is checked for replay. */
async function assertionHits(stage: Stage, idp: BenchIdp, subjects: readonly string[]): Promise<Run> {
  const key = createSigningKey('ES256', 'bench-1');
  const auth = { method: 'private_key_jwt', jwks: { keys: [key.jwk] } };
  const at = await startBroker(stage, { issuers: [idp], auth });
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
  await prime(stage, at, await requests(subjects));
  const make = (count: number) => requests(Array.from({ length: count }, subject));
  const run = onceEach(stage, at, make, 8);
  return withExchanges(run, idp, 0);
}

async function misses(stage: Stage, idp: BenchIdp): Promise<Run> {
  const at = await startBroker(stage, { issuers: [idp] });
  const make = async (count: number) => {
    const subjects = await Promise.all(Array.from({ length: count }, idp.subjectToken));
    return subjects.map(requestBySecret);
  };
  const run = onceEach(stage, at, make, 4);
  return withExchanges(run, idp, 1);
}

/** What the MCP server asks about the tokens of its users. */
async function introspections(stage: Stage, idp: BenchIdp, subjects: readonly string[]): Promise<Run> {
  const { origin, server } = await startBroker(stage, { issuers: [idp] });
  const url = `${origin}/introspect`;
  const isRight = (text: string) => text.includes('"active":true');
  const each = subjects.map(requestIntrospection);
  await prime(stage, { url, isRight, server }, each);
  return httpRun(stage, { url, next: inTurn(each as [Sent]), isRight, server });
}

import { createTestIssuer, type TestIssuer } from '@mcp-obo/testbed/issuer';
import { type ContenderProcess, startContender } from '../contender-process.ts';
import type { Run, Stage } from '../measurement.ts';

/** What the identity providers of the bench are started with, by the name in their paths. */
export type TokenEndpointData = Readonly<Record<string, IssuerData>>;

/** One identity provider. */
export interface IssuerData {
  readonly jwks: object;
  /** The one answer to every exchange; absent: all are refused with `invalid_grant`. */
  readonly answer?: Readonly<Record<string, unknown>>;
  /** How long a request for its keys waits. */
  readonly keysAfterMs?: number;
}

/** Identity providers in a process of their own. */
export interface IssuerProcess {
  readonly tokenEndpoint: (name: string) => string;
  readonly jwksUri: (name: string) => string;
  /** How often it was asked for so far. */
  readonly asked: (what: 'tokens' | 'keys', name: string) => Promise<number>;
}

/** An identity provider whose exchange costs next to nothing. */
export interface BenchIdp {
  readonly issuer: TestIssuer;
  readonly tokenEndpoint: string;
  readonly jwksUri: string;
  readonly answer: NonNullable<IssuerData['answer']>;
  /** A fresh token of the one user, for the MCP server. */
  readonly subjectToken: () => Promise<string>;
  /** Exchanges it was asked for so far. */
  readonly exchanges: () => Promise<number>;
}

/** Identifiers of the MCP server and of what it calls. */
export const resource = 'https://mcp.example/mcp';
export const target = { name: 'expenses-api', audience: 'api://expenses', scope: 'api:expenses.read' };

export async function startBenchIdp(stage: Stage): Promise<BenchIdp> {
  const issuer = createTestIssuer({ issuer: 'https://idp.example/acme' });
  const answer = await answerOf(issuer);
  const idp = await startIssuers(stage, { acme: { jwks: issuer.jwks(), answer } });
  return {
    issuer,
    tokenEndpoint: idp.tokenEndpoint('acme'),
    jwksUri: idp.jwksUri('acme'),
    answer,
    subjectToken: () => subjectTokenOf(issuer),
    exchanges: () => idp.asked('tokens', 'acme'),
  };
}

/** Starts identity providers. */
export async function startIssuers(stage: Stage, data: TokenEndpointData): Promise<IssuerProcess> {
  const server: ContenderProcess = await startContender(stage, 'token-endpoint.ts', data);
  const url = String(await server.ready);
  return {
    tokenEndpoint: (name) => `${url}/${name}/token`,
    jwksUri: (name) => `${url}/${name}/jwks`,
    asked: async (what, name) =>
      ((await server.ask('requests')) as Record<string, number>)[`${what} ${name}`] ?? 0,
  };
}

/** A fresh token of the one user of an issuer, for the MCP server. */
export function subjectTokenOf(issuer: TestIssuer): Promise<string> {
  return issuer.mint({ ...lifetime(), aud: resource, scope: 'mcp:tools:execute expenses:read' });
}

/** An answer to every exchange of the one user of an issuer. */
export async function answerOf(issuer: TestIssuer): Promise<NonNullable<IssuerData['answer']>> {
  const { audience, scope } = target;
  return {
    access_token: await issuer.mint({ ...lifetime(), aud: audience, scope, client_id: resource }),
    issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    token_type: 'Bearer',
    expires_in: 3600,
    scope,
  };
}

function lifetime() {
  return { sub: 'user-1', exp: Math.floor(Date.now() / 1000) + 3600 };
}

/** Share of calls that may go the other way: a Redis that answers too late on a busy machine counts as a miss. */
const TOLERANCE = 0.01;
const ATTEMPTS = 4;

/**
 * The same run, of which a slice counts only when its calls made that many exchanges at the identity provider:
 * 0 each for hits, 1 each for misses. Another slice is run instead of one that does not, a few times.
 */
export function withExchanges(run: Run, idp: Pick<BenchIdp, 'exchanges'>, perCall: 0 | 1): Run {
  return async (milliseconds) => {
    const wrong: string[] = [];
    while (wrong.length < ATTEMPTS) {
      const before = await idp.exchanges();
      const slice = await run(milliseconds);
      const made = (await idp.exchanges()) - before;
      const wanted = slice.calls * perCall;
      if (Math.abs(made - wanted) <= slice.calls * TOLERANCE) return slice;
      wrong.push(`${slice.calls} calls made ${made} exchanges, not ${wanted}`);
    }
    throw new Error(`${wrong.join('; ')}.`);
  };
}

import { createTestIssuer, type TestIssuer } from '@mcp-obo/testbed/issuer';
import { type ContenderProcess, startContender } from '../contender-process.ts';
import type { Run, Stage } from '../measurement.ts';

/** What the identity provider of the bench is started with. */
export interface TokenEndpointData {
  readonly jwks: object;
  /** The one answer to every exchange. */
  readonly answer: Readonly<Record<string, unknown>>;
}

/** An identity provider whose exchange costs next to nothing, in a process of its own. */
export interface BenchIdp {
  readonly issuer: TestIssuer;
  readonly tokenEndpoint: string;
  readonly jwksUri: string;
  readonly answer: TokenEndpointData['answer'];
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
  const lifetime = { sub: 'user-1', exp: Math.floor(Date.now() / 1000) + 3600 };
  const answer = {
    access_token: await issuer.mint({
      ...lifetime,
      aud: target.audience,
      scope: target.scope,
      client_id: resource,
    }),
    issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    token_type: 'Bearer',
    expires_in: 3600,
    scope: target.scope,
  };
  const data: TokenEndpointData = { jwks: issuer.jwks(), answer };
  const server: ContenderProcess = await startContender(stage, 'token-endpoint.ts', data);
  const url = String(await server.ready);
  return {
    issuer,
    tokenEndpoint: `${url}/token`,
    jwksUri: `${url}/jwks`,
    answer,
    subjectToken: () => issuer.mint({ ...lifetime, aud: resource, scope: 'mcp:tools:execute expenses:read' }),
    exchanges: async () => Number(await server.ask('exchanges')),
  };
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

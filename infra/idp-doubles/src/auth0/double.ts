import { randomUUID } from 'node:crypto';
import { createLoopbackCertificate } from '../certificate.ts';
import { createServer, listenOnLoopback } from '../listen.ts';
import type { RecordedRequest } from '../recorded-request.ts';
import { createSigner } from '../signer.ts';
import { type Act, type Auth0State, signAccessToken } from './access-token.ts';
import { type Auth0Behaviour, registerRoutes } from './routes.ts';
import type { Auth0Tenant } from './tenant.ts';

/** How the double is started. */
export interface Auth0DoubleOptions {
  readonly tenant: Auth0Tenant;
  /** Default: a free port. */
  readonly port?: number;
  /** Serve https. Default plain http. */
  readonly https?: boolean;
  /** Milliseconds since the epoch. Default `Date.now`. */
  readonly now?: () => number;
  /** Default `crypto.randomUUID`. */
  readonly uuid?: () => string;
}

/** A sign-in of a user at a client for an API. */
export interface MintAuth0Token {
  readonly user: string;
  /** Identifier of the API. */
  readonly api: string;
  readonly client: string;
  readonly scopes: readonly string[];
  /** A delegation chain the token already has. */
  readonly act?: Act;
  /** Seconds. Default: the API's; negative for a token that has expired. */
  readonly lifetime?: number;
}

/** A running double of an Auth0 tenant. */
export interface Auth0Double {
  readonly url: string;
  /** With the trailing slash that Auth0 issuers have. */
  readonly issuer: string;
  /** PEM of the authority that signed the server's certificate; undefined on plain http. */
  readonly ca: string | undefined;
  readonly tokenEndpoint: string;
  readonly jwksUri: string;
  /** Requests to the token endpoint, in order. */
  readonly requests: readonly RecordedRequest[];
  /** Makes the token endpoint answer so until told otherwise; `undefined` returns to its own judgement. */
  readonly setBehaviour: (behaviour: Auth0Behaviour | undefined) => void;
  readonly mintUserToken: (request: MintAuth0Token) => Promise<string>;
  readonly close: () => Promise<void>;
}

/** Starts a double of an Auth0 tenant on a loopback port. */
export async function startAuth0Double(options: Auth0DoubleOptions): Promise<Auth0Double> {
  const certificate = options.https === true ? await createLoopbackCertificate(new Date()) : undefined;
  const server = await createServer(certificate);
  const requests: RecordedRequest[] = [];
  let behaviour: Auth0Behaviour | undefined;
  let url = '';
  const state: Auth0State = {
    tenant: options.tenant,
    signer: await createSigner(),
    usedAssertions: new Set(),
    issuer: () => `${url}/`,
    now: options.now ?? Date.now,
    uuid: options.uuid ?? randomUUID,
  };
  registerRoutes(server, state, {
    behaviour: () => behaviour,
    record: (request) => void requests.push(request),
  });
  url = await listenOnLoopback(server, options.port);
  return {
    url,
    issuer: state.issuer(),
    ca: certificate?.ca,
    tokenEndpoint: `${url}/oauth/token`,
    jwksUri: `${url}/.well-known/jwks.json`,
    requests,
    setBehaviour: (next) => {
      behaviour = next;
    },
    mintUserToken: (request) => mintUserToken(state, request),
    close: () => server.close(),
  };
}

async function mintUserToken(state: Auth0State, request: MintAuth0Token): Promise<string> {
  const api = state.tenant.apis.find((each) => each.identifier === request.api);
  const user = state.tenant.users.find((each) => each.id === request.user);
  if (api === undefined || user === undefined) {
    throw new RangeError(`Not in the tenant: API ${request.api} or user ${request.user}.`);
  }
  return await signAccessToken(state, { ...request, api, user });
}

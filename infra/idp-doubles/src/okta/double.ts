import { randomUUID } from 'node:crypto';
import { createLoopbackCertificate } from '../certificate.ts';
import { createServer, listenOnLoopback } from '../listen.ts';
import type { RecordedRequest } from '../recorded-request.ts';
import { createSigner } from '../signer.ts';
import type { OktaOrganization } from './organization.ts';
import { type OktaBehaviour, registerRoutes } from './routes.ts';
import { type OktaState, signAccessToken } from './state.ts';

/** How the double is started. */
export interface OktaDoubleOptions {
  readonly organization: OktaOrganization;
  /** Default: a free port. */
  readonly port?: number;
  /** Serve https. Default plain http. */
  readonly https?: boolean;
  /** Milliseconds since the epoch. Default `Date.now`. */
  readonly now?: () => number;
  /** Default `crypto.randomUUID`. */
  readonly uuid?: () => string;
}

/** A sign-in of a user at a client. */
export interface MintOktaToken {
  /** Id or login of the user. */
  readonly user: string;
  /** Id of the authorization server. Its audience is the API that the token is for. */
  readonly server: string;
  readonly client: string;
  readonly scopes: readonly string[];
  /** Seconds. Default 3600; negative for a token that has expired. */
  readonly lifetime?: number;
}

/** A running double of an Okta organization. */
export interface OktaDouble {
  readonly url: string;
  /** Issuer of the first authorization server. */
  readonly issuer: string;
  /** PEM of the authority that signed the server's certificate; undefined on plain http. */
  readonly ca: string | undefined;
  readonly issuerOf: (serverId: string) => string;
  readonly tokenEndpoint: (serverId: string) => string;
  readonly jwksUri: (serverId: string) => string;
  /** `jti` of access tokens that were revoked. */
  readonly revoked: ReadonlySet<string>;
  /** Requests to token and revocation endpoints, in order. */
  readonly requests: readonly RecordedRequest[];
  /** Makes the token endpoints answer so until told otherwise; `undefined` returns to their own judgement. */
  readonly setBehaviour: (behaviour: OktaBehaviour | undefined) => void;
  readonly mintUserToken: (request: MintOktaToken) => Promise<string>;
  readonly close: () => Promise<void>;
}

/** Starts a double of an Okta organization on a loopback port. */
export async function startOktaDouble(options: OktaDoubleOptions): Promise<OktaDouble> {
  const now = options.now ?? Date.now;
  const certificate = options.https === true ? await createLoopbackCertificate(new Date()) : undefined;
  const server = await createServer(certificate);
  const requests: RecordedRequest[] = [];
  let behaviour: OktaBehaviour | undefined;
  let url = '';
  const issuerOf = (serverId: string) => `${url}/oauth2/${serverId}`;
  const state: OktaState = {
    organization: options.organization,
    signerOf: await createSigners(options.organization),
    revoked: new Set(),
    usedAssertions: new Set(),
    issuerOf,
    now,
    uuid: options.uuid ?? randomUUID,
  };
  registerRoutes(server, state, {
    behaviour: () => behaviour,
    record: (request) => void requests.push(request),
  });
  url = await listenOnLoopback(server, options.port);
  return {
    url,
    issuer: issuerOf(options.organization.authorizationServers[0]?.id ?? 'default'),
    ca: certificate?.ca,
    issuerOf,
    tokenEndpoint: (serverId) => `${issuerOf(serverId)}/v1/token`,
    jwksUri: (serverId) => `${issuerOf(serverId)}/v1/keys`,
    requests,
    revoked: state.revoked,
    setBehaviour: (next) => {
      behaviour = next;
    },
    mintUserToken: (request) => mintUserToken(state, request),
    close: () => server.close(),
  };
}

/** Each authorization server signs with its own key. */
async function createSigners({ authorizationServers }: OktaOrganization): Promise<OktaState['signerOf']> {
  const signers = new Map(
    await Promise.all(authorizationServers.map(async ({ id }) => [id, await createSigner()] as const)),
  );
  return (id) => {
    const signer = signers.get(id);
    if (signer === undefined) throw new RangeError(`The organization has no authorization server ${id}.`);
    return signer;
  };
}

async function mintUserToken(state: OktaState, request: MintOktaToken): Promise<string> {
  const { authorizationServers, users } = state.organization;
  const server = authorizationServers.find((each) => each.id === request.server);
  const user = users.find((each) => each.id === request.user || each.login === request.user);
  if (server === undefined || user === undefined) {
    throw new RangeError(`Not in the organization: server ${request.server} or user ${request.user}.`);
  }
  const { client, scopes, lifetime = 3600 } = request;
  return await signAccessToken(state, { server, client, user, scopes, lifetime });
}

import { randomUUID } from 'node:crypto';
import { createLoopbackCertificate } from '../certificate.ts';
import { createServer, listenOnLoopback } from '../listen.ts';
import type { RecordedRequest } from '../recorded-request.ts';
import { createSigner } from '../signer.ts';
import { registerAuthorize } from './authorize.ts';
import type { Consent, EntraDirectory } from './directory.ts';
import { registerMetadata } from './metadata.ts';
import { type MintUserToken, mintUserToken } from './mint.ts';
import { createSessions } from './sessions.ts';
import type { EntraState } from './state.ts';
import { issuerOf } from './token-claims.ts';
import { type EntraBehaviour, registerTokenEndpoint } from './token-endpoint.ts';

/** How the double is started. */
export interface EntraDoubleOptions {
  readonly directory: EntraDirectory;
  /** Default: a free port. */
  readonly port?: number;
  /** Plain http instead of https. MSAL refuses http authorities. */
  readonly http?: boolean;
  /**
   * Origins of `iss`. Default: the double's own for both, so that discovery works. The real ones are
   * `https://sts.windows.net` and `https://login.microsoftonline.com`.
   */
  readonly issuerOrigins?: { readonly v1?: string; readonly v2?: string };
  /** Life of access tokens in seconds. Default 4500: Entra picks between 60 and 90 minutes. */
  readonly lifetime?: number;
  /** Milliseconds since the epoch. Default `Date.now`. */
  readonly now?: () => number;
  /** Default `crypto.randomUUID`. */
  readonly uuid?: () => string;
}

/** A running double of Microsoft Entra ID. */
export interface EntraDouble {
  /** Origin, e.g. `https://127.0.0.1:41234`. */
  readonly url: string;
  /** v2.0 issuer of the first tenant. */
  readonly issuer: string;
  /** PEM of the authority that signed the server's certificate; undefined on plain http. */
  readonly ca: string | undefined;
  readonly issuerOf: (tenantId: string, version: 1 | 2) => string;
  readonly tokenEndpoint: (tenantId: string) => string;
  readonly jwksUri: (tenantId: string) => string;
  /** Requests to the token endpoint, in order. */
  readonly requests: readonly RecordedRequest[];
  /** Makes the token endpoint answer so until told otherwise; `undefined` returns to its own judgement. */
  readonly setBehaviour: (behaviour: EntraBehaviour | undefined) => void;
  /** Records a consent, as the consent page would. */
  readonly grantConsent: (tenantId: string, consent: Consent) => void;
  /** Takes back all consents that users gave. */
  readonly withdrawConsents: (tenantId: string) => void;
  /** Ends all sessions of a user: tokens from before now fail with AADSTS50173. */
  readonly revokeSessions: (oid: string) => void;
  /** Signs a user in and gives the access token that a client would get. */
  readonly mintUserToken: (request: MintUserToken) => Promise<string>;
  readonly close: () => Promise<void>;
}

/** Starts a double of Entra ID on a loopback port. */
export async function startEntraDouble(options: EntraDoubleOptions): Promise<EntraDouble> {
  const now = options.now ?? Date.now;
  const certificate = options.http === true ? undefined : await createLoopbackCertificate(new Date());
  const server = await createServer(certificate);
  const requests: RecordedRequest[] = [];
  let behaviour: EntraBehaviour | undefined;
  let url = '';
  const consents = new Map<string, Consent[]>(
    options.directory.tenants.map((tenant) => [tenant.id, [...tenant.consents]]),
  );
  const state: EntraState = {
    tenants: options.directory.tenants,
    consents,
    sessions: createSessions(),
    codes: new Map(),
    signer: await createSigner(),
    origins: {
      get v1() {
        return options.issuerOrigins?.v1 ?? url;
      },
      get v2() {
        return options.issuerOrigins?.v2 ?? url;
      },
    },
    now,
    uuid: options.uuid ?? randomUUID,
    lifetime: options.lifetime ?? 4500,
  };
  registerMetadata(server, state, () => url);
  registerTokenEndpoint(server, state, {
    origin: () => url,
    behaviour: () => behaviour,
    record: (request) => void requests.push(request),
  });
  const grantConsent = (tenantId: string, consent: Consent) => void consents.get(tenantId)?.push(consent);
  registerAuthorize(server, state, { codes: state.codes, grantConsent });
  url = await listenOnLoopback(server, options.port);
  return {
    url,
    issuer: issuerOf(state.origins, options.directory.tenants[0]?.id ?? '', 2),
    ca: certificate?.ca,
    issuerOf: (tenantId, version) => issuerOf(state.origins, tenantId, version),
    tokenEndpoint: (tenantId) => `${url}/${tenantId}/oauth2/v2.0/token`,
    jwksUri: (tenantId) => `${url}/${tenantId}/discovery/v2.0/keys`,
    requests,
    setBehaviour: (next) => {
      behaviour = next;
    },
    grantConsent,
    withdrawConsents: (tenantId) =>
      void consents.set(
        tenantId,
        (consents.get(tenantId) ?? []).filter(({ user }) => user === undefined),
      ),
    revokeSessions: (oid) => state.sessions.revoke(oid, now()),
    mintUserToken: (request) => mintUserToken(state, request),
    close: () => server.close(),
  };
}

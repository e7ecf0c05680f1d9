import Provider, { type Configuration, type KoaContextWithOIDC } from 'oidc-provider';
import { type Accounts, toAccount } from './accounts.ts';
import { clientDocuments, type DocumentMode } from './client-documents.ts';
import { createClientRules } from './client-rules.ts';
import type { TenantConfig } from './config.ts';
import type { Consents } from './consents.ts';
import type { Faults } from './faults.ts';
import type { KeyRing } from './keys.ts';
import { renderError, renderLogout, renderSignedOut } from './pages/provider-pages.ts';
import { type Resources, scopeNames } from './resources.ts';
import { createPrompts, supportedAcrValues } from './step-up.ts';
import type { AdapterFactory } from './storage.ts';
import { createTokenClaims, type DecidedClaims, sessionId } from './token-claims.ts';

/** What a provider is built from. All state is here, so that a provider can be replaced (key rotation). */
export interface ProviderDeps {
  readonly issuer: string;
  readonly tenant: TenantConfig;
  readonly storage: AdapterFactory;
  readonly keys: KeyRing;
  readonly accounts: Accounts;
  readonly consents: Consents;
  readonly resources: Resources;
  readonly decided: DecidedClaims;
  readonly faults: Faults;
  readonly cookieKey: string;
  /** Whose client ID metadata documents are read. */
  readonly documents: DocumentMode;
  readonly fetch: (url: string | URL, init?: RequestInit) => Promise<Response>;
}

/** One issuer: oidc-provider with the rules of this package. */
export function buildProvider(deps: ProviderDeps): Provider {
  return new Provider(deps.issuer, configure(deps));
}

function configure(deps: ProviderDeps): Configuration {
  const { tenant, accounts, resources } = deps;
  const applyClientRules = createClientRules(new Set(tenant.clients.map((client) => client.client_id)));
  const path = new URL(deps.issuer).pathname;
  return {
    adapter: deps.storage,
    clients: tenant.clients as NonNullable<Configuration['clients']>,
    jwks: deps.keys.privateJwks() as NonNullable<Configuration['jwks']>,
    fetch: deps.fetch as NonNullable<Configuration['fetch']>,
    findAccount: async (_context, sub) => {
      const user = accounts.find(sub);
      return user === undefined ? undefined : toAccount(user);
    },
    scopes: ['openid', 'profile', 'email'],
    claims: {
      openid: ['sub'],
      profile: ['name', 'preferred_username'],
      email: ['email', 'email_verified'],
      acr: null,
      amr: null,
      auth_time: null,
      iss: null,
      sid: null,
    },
    acrValues: supportedAcrValues,
    responseTypes: ['code'],
    clientAuthMethods: ['none', 'client_secret_basic', 'client_secret_post', 'private_key_jwt'],
    pkce: { required: () => true },
    clientBasedCORS: () => true,
    extraClientMetadata: {
      // The validator runs once per property, so one property is enough to see every registration.
      properties: ['software_id', 'software_version'],
      validator: (_context, key, _value, metadata) => {
        if (key === 'software_id') applyClientRules(metadata);
      },
    },
    cookies: { keys: [deps.cookieKey], long: { path, httpOnly: true, sameSite: 'lax' } },
    interactions: {
      url: (_context, interaction) => `${path}/interaction/${interaction.uid}`,
      policy: createPrompts(),
    },
    // Refresh tokens end with the session; `offline_access` is not offered, so that no client asks for it.
    issueRefreshToken: async (_context, client) => client.grantTypeAllowed('refresh_token'),
    expiresWithSession: async () => true,
    rotateRefreshToken: true,
    loadExistingGrant: (context) => loadGrant(deps, context),
    extraTokenClaims: createTokenClaims(accounts, deps.decided),
    formats: {
      customizers: {
        jwt: (_context, token, jwt) => {
          if (token.kind !== 'AccessToken' || !deps.decided.has(token)) return;
          const { sub, aud } = jwt.payload as { sub: string; aud: string };
          const target = resources.find(aud);
          jwt.payload = deps.faults.distort(jwt.payload, {
            allScopes: target === undefined ? [] : scopeNames(target),
            otherSubject: accounts.other(sub)?.sub ?? 'someone-else',
          }) as typeof jwt.payload;
        },
      },
    },
    ttl: {
      AccessToken: (_context, token) => token.resourceServer?.accessTokenTTL ?? tenant.access_token_ttl,
      ClientCredentials: (_context, token) => token.resourceServer?.accessTokenTTL ?? tenant.access_token_ttl,
      AuthorizationCode: 60,
      IdToken: tenant.access_token_ttl,
      Interaction: 3600,
      RefreshToken: tenant.refresh_token_ttl,
      Session: tenant.session_ttl,
      Grant: tenant.session_ttl,
    },
    renderError,
    discovery: { service_documentation: undefined },
    features: {
      devInteractions: { enabled: false },
      userinfo: { enabled: true },
      // RFC 7009 §2.1: a token is revoked by the client it was issued to.
      revocation: {
        enabled: true,
        allowedPolicy: async (_context, client, token) => token.clientId === client.clientId,
      },
      // RFC 7662 §2.1: only who can authenticate may ask about tokens of others.
      introspection: {
        enabled: true,
        allowedPolicy: async (_context, client, token) =>
          token.clientId === client.clientId || client.clientAuthMethod !== 'none',
      },
      registration: { enabled: true },
      backchannelLogout: { enabled: true },
      rpInitiatedLogout: {
        enabled: true,
        logoutSource: renderLogout,
        postLogoutSuccessSource: renderSignedOut,
      },
      clientIdMetadataDocument: clientDocuments(deps.documents),
      resourceIndicators: {
        enabled: true,
        defaultResource: async (_context, _client, oneOf) =>
          [oneOf].flat()[0] ?? resources.defaultIdentifier ?? [],
        getResourceServerInfo: async (_context, identifier) => resources.forLogin(identifier),
        useGrantedResource: async () => true,
      },
    },
    enabledJWA: { idTokenSigningAlgValues: ['RS256'] },
  };
}

/** The grant of this session, else a new one that starts with what the user allowed this client before. */
async function loadGrant(deps: ProviderDeps, context: KoaContextWithOIDC) {
  const { session, client, result, provider } = context.oidc;
  if (session?.accountId === undefined || client === undefined) return undefined;
  session.sidFor(client.clientId, sessionId(session.uid));
  const grantId = result?.consent?.grantId ?? session.grantIdFor(client.clientId);
  const existing = grantId === undefined ? undefined : await provider.Grant.find(grantId);
  if (existing !== undefined) return existing;
  const consented = deps.consents.recall(session.accountId, client.clientId);
  if (consented.size === 0) return undefined;
  const grant = new provider.Grant({ accountId: session.accountId, clientId: client.clientId });
  for (const [resource, scopes] of consented) {
    if (resource === '') grant.addOIDCScope([...scopes].join(' '));
    else grant.addResourceScope(resource, [...scopes].join(' '));
  }
  await grant.save();
  return grant;
}

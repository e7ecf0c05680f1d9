import type { Grant } from '@mcp-obo/grant';
import { generic, type IdpProfile } from '@mcp-obo/idp-profile';
import type { Fetch } from '../src/upstream/answer-fetch.ts';
import { createUpstream } from '../src/upstream/create-upstream.ts';
import type { Upstream, UpstreamCredential } from '../src/upstream/upstream.ts';
import { createFakeIdp, type FakeIdp } from './fake-idp.ts';
import { noon } from './setup.ts';

export const issuer = 'https://idp.example/acme';
export const secret = {
  kind: 'client_secret_post',
  clientId: 'https://a.example/mcp',
  clientSecret: 's',
} as const;
export const asked = {
  client: 'a',
  subjectToken: 'subject-token',
  audience: 'api://expenses',
  scopes: ['api:expenses.read', 'api:expenses.write'],
  scopePrefix: 'api://expenses/',
  requestedTokenType: 'urn:ietf:params:oauth:token-type:access_token',
  subject: {
    issuer,
    tenant: 'acme',
    profile: 'generic',
    subject: 'user-alice',
    user: { issuer, key: 'user-alice' },
    client: 'inspector',
    tokenId: 'token-1',
    scopes: ['expenses:read'],
    roles: [],
    groups: [],
    groupsOverage: false,
    audience: ['https://a.example/mcp'],
    issuedAt: noon,
    expiresAt: noon + 600,
    amr: [],
    tokenHash: 'hash',
    claims: {},
  } satisfies Grant,
  notAfter: noon + 600,
};

/** An upstream whose token endpoint answers with a token unless the test says otherwise. */
export function connect(
  over: {
    profile?: IdpProfile;
    credentials?: Record<string, UpstreamCredential>;
    fetch?: (idp: FakeIdp) => Fetch;
    discovered?: boolean;
    timeoutMs?: number;
  } = {},
): { idp: FakeIdp; upstream: Upstream; time: { now: number } } {
  const time = { now: noon };
  const now = () => time.now * 1000;
  const idp = createFakeIdp({ issuer, now });
  let randoms = 0;
  idp.answerWith(() => ({ access_token: 'token', token_type: 'Bearer', expires_in: 300 }));
  const upstream = createUpstream({
    issuer,
    tenant: 'acme',
    profile: over.profile ?? generic,
    ...(over.discovered === true ? {} : { tokenEndpoint: idp.tokenEndpoint }),
    credentials: over.credentials ?? { a: secret },
    fetch: over.fetch?.(idp) ?? idp.fetch,
    timeoutMs: over.timeoutMs ?? 200,
    now,
    random: () => `random-${++randoms}`,
    guard: { retries: 0 },
  });
  return { idp, upstream, time };
}

/** The parameters of a request it received. */
export const form = (idp: FakeIdp, index = 0) => Object.fromEntries(idp.requests[index]?.form ?? []);

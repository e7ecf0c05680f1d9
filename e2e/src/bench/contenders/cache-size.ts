import { createExchangeEngine, type EngineRequest, type IssuedToken, type Upstream } from '@mcp-obo/exchange';
import { freezeGrant, type Grant, tokenHash } from '@mcp-obo/grant';
import { idpProfile } from '@mcp-obo/idp-profile';
import type { CacheSizeData } from '../measurements/cache-size.ts';
import { serveLoop, startData } from './loop.ts';

const { entries, tokenLength } = startData<CacheSizeData>();
const issuer = 'https://idp.example/acme';
const resource = 'https://mcp.example/mcp';
const scope = 'api:expenses.read';
const started = Math.floor(Date.now() / 1000);
let made = 0;

/** Answers at once; the token is opaque, so that filling takes seconds and not minutes. What is kept is the same. */
const upstream: Upstream = {
  issuer,
  tenant: 'acme',
  profile: idpProfile('generic'),
  answerIssuers: [issuer],
  registration: () => ({ id: 'mcp-server', clientId: resource }),
  exchange: async () => ({ accessToken: newToken(), expiresIn: 36_000, scope: [scope] }),
  clientCredentials: () => Promise.reject(new Error('Nothing asks for this.')),
};
const engine = createExchangeEngine({
  targets: {
    api: { name: 'api', audience: 'api://expenses', kind: 'opaque', scopes: [scope], maxLifetime: 36_000 },
  },
  upstreams: [upstream],
  policy: {
    version: '1',
    rules: [{ clients: ['mcp-server'], target: 'api', tenants: ['acme'], scopes: [scope] }],
  },
  memoryBytes: 64 * 2 ** 30,
  answers: { validate: () => Promise.reject(new Error('Nothing is validated.')) },
  now: Date.now,
});

const before = heapBytes();
for (let user = 0; user < entries; user++) await engine.exchange(requestOf(user));
const bytesPerEntry = (heapBytes() - before) / entries - tokenLength;

serveLoop(
  {
    call: () => engine.exchange(requestOf(Math.floor(Math.random() * entries))),
    isRight: (token) => (token as IssuedToken).source === 'cache',
  },
  bytesPerEntry,
);

/** A request of that user: what the validator would say of the user's token, made anew each time. */
function requestOf(number: number): EngineRequest {
  // Not to base 10: those texts are kept by the runtime for a few numbers, so that few users would cost less to name.
  const user = number.toString(36);
  const subjectToken = `subject-token-of-user-${user}`;
  return {
    client: 'mcp-server',
    grant: grantOf(user, subjectToken),
    subjectToken,
    target: 'api',
    scopes: [scope],
  };
}

function grantOf(user: string, subjectToken: string): Grant {
  const subject = `user-${user}`;
  return freezeGrant({
    issuer,
    tenant: 'acme',
    profile: 'generic',
    subject,
    user: { issuer, key: subject },
    client: 'agent',
    tokenId: `token-${user}`,
    session: `session-${user}`,
    scopes: ['expenses:read'],
    roles: [],
    groups: [],
    groupsOverage: false,
    audience: [resource],
    issuedAt: started,
    expiresAt: started + 36_000,
    amr: [],
    tokenHash: tokenHash(subjectToken),
    claims: {},
  });
}

/** Another text each time, with memory of its own. */
function newToken(): string {
  const text = Buffer.alloc(tokenLength, 'x');
  text.write(`token-${++made}-`);
  return text.toString('latin1');
}

function heapBytes(): number {
  (globalThis as { gc?: () => void }).gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

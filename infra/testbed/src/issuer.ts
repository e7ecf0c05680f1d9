import type { JsonWebKey, KeyObject } from 'node:crypto';
import { createFaults, type Faults } from './fault.ts';
import { answerFetch, type ServedIssuer, serveIssuer } from './issuer-http.ts';
import { createSigningKey, type SigningAlgorithm, type SigningKey, signBytes } from './signing-key.ts';

export type { Fault } from './fault.ts';
export type { ServedIssuer } from './issuer-http.ts';
export { createSigningKey, type SigningAlgorithm, type SigningKey, signBytes } from './signing-key.ts';

/** What a test issuer is made of. */
export interface TestIssuerOptions {
  /** `iss`, byte for byte. */
  readonly issuer: string;
  /** Algorithm of the first key. Default `RS256`. */
  readonly alg?: SigningAlgorithm;
  /** Key id of the first key. Default `key-1`. */
  readonly kid?: string;
  /** True for a first key that no other issuer of this name has: that of a forger. */
  readonly ownKey?: boolean;
  /** Milliseconds since the epoch. Default `Date.now`. */
  readonly now?: () => number;
  /** Claims of every minted token, over the defaults. */
  readonly claims?: Readonly<Record<string, unknown>>;
}

/** Which key and header a token is signed with. */
export interface MintOptions {
  /** Header members, over `alg`, `kid` and `typ: at+jwt`; `undefined` leaves one out. */
  readonly header?: Readonly<Record<string, unknown>>;
  /** Algorithm to sign with and to name in the header. Default: the key's. */
  readonly alg?: string;
  /** Private key (bytes for HS256). Default: the newest of the issuer. */
  readonly key?: KeyObject | JsonWebKey | Uint8Array;
}

/** An authorization server's keys and tokens without the authorization server. */
export interface TestIssuer {
  readonly issuer: string;
  /** The newest key. */
  readonly key: SigningKey;
  /** The published key set. */
  jwks(): { keys: Record<string, unknown>[] };
  /** Publishes exactly this instead, e.g. weak or duplicate keys; `undefined` goes back to the issuer's own. */
  publish(keys: readonly object[] | undefined): void;
  /** A token with RFC 9068 defaults; a claim set to `undefined` is left out. */
  mint(claims?: Readonly<Record<string, unknown>>, options?: MintOptions): Promise<string>;
  /** A token over exactly these JSON texts (duplicate members, white space, broken JSON). */
  mintRaw(header: string, payload: string, options?: MintOptions): string;
  /** A new signing key; `keep` leaves the older ones published. `kid` may repeat an old one. */
  rotate(options: { keep: boolean; kid?: string; alg?: SigningAlgorithm }): SigningKey;
  /** Metadata and key set over real HTTP on a loopback port: the issuer's own if it names one, else a free one. */
  serve(options?: { port?: number }): Promise<ServedIssuer>;
  /** The same data without network. Knows the issuer's well-known URLs and `${issuer}/jwks`. */
  readonly fetch: (url: string | URL, init?: RequestInit) => Promise<Response>;
  /** Faults of `fetch` and of every server of this issuer. */
  readonly faults: Faults;
  /** How often each path was asked for, over `fetch` and HTTP. */
  readonly requests: ReadonlyMap<string, number>;
}

const firstKeys = new Map<string, SigningKey>();

function firstKey(issuer: string, alg: SigningAlgorithm, kid: string): SigningKey {
  const name = JSON.stringify([issuer, alg, kid]);
  const key = firstKeys.get(name) ?? createSigningKey(alg, kid);
  firstKeys.set(name, key);
  return key;
}

/**
 * An issuer for tests: real keys, real signatures, published by `fetch` or over HTTP. It signs anything it
 * is asked to, the forbidden included. Issuers of one name in one process begin with the same key, because an RSA
 * key takes longer to make than most tests to run (`ownKey` for one of its own); a key of a rotation is always new.
 */
export function createTestIssuer(options: TestIssuerOptions): TestIssuer {
  const now = options.now ?? Date.now;
  const faults = createFaults();
  const requests = new Map<string, number>();
  const { issuer, alg = 'RS256', kid = 'key-1', ownKey = false } = options;
  const first = ownKey ? createSigningKey(alg, kid) : firstKey(issuer, alg, kid);
  let keys: SigningKey[] = [first];
  let published: readonly object[] | undefined;
  let keyCount = 1;
  let tokenCount = 0;

  const newest = () => keys.at(-1) ?? first;
  const jwks = () => ({ keys: (published ?? keys.map(({ jwk }) => jwk)) as Record<string, unknown>[] });

  function mintRaw(header: string, payload: string, { alg, key }: MintOptions = {}): string {
    const input = `${encode(header)}.${encode(payload)}`;
    const signature = signBytes(alg ?? newest().alg, key ?? newest().privateKey, input);
    return `${input}.${signature.toString('base64url')}`;
  }

  async function mint(claims: Readonly<Record<string, unknown>> = {}, mintOptions: MintOptions = {}) {
    const time = Math.floor(now() / 1000);
    const header = {
      alg: mintOptions.alg ?? newest().alg,
      kid: newest().kid,
      typ: 'at+jwt',
      ...mintOptions.header,
    };
    const payload = {
      iss: options.issuer,
      aud: 'https://mcp.example/mcp',
      sub: 'user-1',
      client_id: 'client-1',
      jti: `token-${++tokenCount}`,
      iat: time,
      exp: time + 300,
      scope: 'mcp:tools:execute expenses:read',
      ...options.claims,
      ...claims,
    };
    return mintRaw(JSON.stringify(header), JSON.stringify(payload), mintOptions);
  }

  const data = { issuer: options.issuer, jwks, faults, requests };
  return {
    issuer: options.issuer,
    get key() {
      return newest();
    },
    jwks,
    publish: (set) => {
      published = set;
    },
    mint,
    mintRaw,
    rotate({ keep, kid, alg }) {
      const key = createSigningKey(alg ?? newest().alg, kid ?? `key-${++keyCount}`);
      keys = keep ? [...keys, key] : [key];
      return key;
    },
    serve: (serveOptions) => serveIssuer(data, serveOptions?.port),
    fetch: (url, init) => answerFetch(data, url, init),
    faults,
    requests,
  };
}

function encode(text: string): string {
  return Buffer.from(text).toString('base64url');
}

import { createHash, generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto';
import { verifies } from '@mcp-obo/testbed/verifies';
import { describe, expect, it } from 'vitest';
import { createSecretScan, describeFindings } from './scan.ts';
import { canBeSecret, type Secret } from './secret.ts';

const segment = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
const header = segment({ alg: 'RS256', typ: 'at+jwt', kid: 'key-of-the-issuer-1' });
const token = `${header}.${segment({ sub: 'alice', jti: 'kq0' })}.${randomBytes(256).toString('base64url')}`;
const secrets: readonly Secret[] = [
  { kind: 'access token', value: token },
  { kind: 'authorization code', value: randomBytes(32).toString('base64url') },
  { kind: 'client secret', value: `${randomBytes(24).toString('base64')}=+/` },
  { kind: 'password', value: 'alice-password' },
];
const [, code = '', clientSecret = ''] = secrets.map(({ value }) => value);
const scan = createSecretScan(secrets);
const kinds = (text: string) => scan({ place: 'here', text }).map(({ kind }) => kind);
const middle = token.slice(-100, -84);

describe('the secret scan', () => {
  it(verifies('op:redaction', 'finds any 16 characters in a row of a secret, and not 15'), () => {
    for (let at = 0; at + 16 <= code.length; at += 1) {
      expect(kinds(`refused ${code.slice(at, at + 16)}!`)).toEqual(['authorization code']);
      expect(kinds(`refused ${code.slice(at, at + 15)}!`)).toEqual([]);
    }
  });

  it(verifies('op:redaction', 'finds a password as a whole, for a piece of it may be a name'), () => {
    expect(kinds('typed alice-password')).toEqual(['password']);
    expect(kinds('typed alice-passwor')).toEqual([]);
    const find = createSecretScan([{ kind: 'password', value: 'a-person-with-a-name-password' }]);
    expect(find({ place: 'here', text: 'a-person-with-a-name' })).toEqual([]);
    expect(find({ place: 'here', text: 'a-person-with-a-name-password' })).toHaveLength(1);
  });

  it.each([
    ['as it is', (piece: string) => piece],
    ['percent-encoded', (piece: string) => encodeURIComponent(piece)],
    ['percent-encoded to the last byte', percent],
    ['percent-encoded twice', (piece: string) => encodeURIComponent(percent(piece))],
    ['JSON-escaped', (piece: string) => JSON.stringify(piece).replaceAll('/', '\\/')],
    ['JSON-escaped to the last character', unicode],
    ['JSON in JSON', (piece: string) => JSON.stringify(JSON.stringify({ at: unicode(piece) }))],
    ['HTML-escaped', (piece: string) => [...piece].map((c) => `&#${c.charCodeAt(0)};`).join('')],
    ['hex', (piece: string) => Buffer.from(piece).toString('hex')],
    ['HEX', (piece: string) => Buffer.from(piece).toString('hex').toUpperCase()],
    ['hex after an odd digit', (piece: string) => `f${Buffer.from(piece).toString('hex')}`],
    ['base64', (piece: string) => Buffer.from(piece).toString('base64')],
    ['base64url', (piece: string) => Buffer.from(piece).toString('base64url')],
    ['base64 of base64', (piece: string) => Buffer.from(btoa(piece)).toString('base64')],
    ['base64 in a percent-encoded URL', (piece: string) => percent(btoa(piece))],
    ['a list of bytes', (piece: string) => JSON.stringify(Buffer.from(piece))],
  ])(verifies('op:redaction', 'finds a piece %s'), (_, encode) => {
    expect(kinds(`{"msg":"${encode(middle)}"}`)).toContain('access token');
    expect(kinds(`{"msg":"${encode(clientSecret.slice(-16))}"}`)).toContain('client secret');
  });

  it.each([0, 1, 2, 3, 4, 5])(
    verifies('op:redaction', 'finds a secret in base64 behind %i other bytes, as in Basic credentials'),
    (length) => {
      const encoded = Buffer.from(`${'i'.repeat(length)}:${clientSecret}`).toString('base64');
      expect(kinds(`authorization: Basic ${encoded}`)).toEqual(['client secret']);
      expect(kinds(`xyz${encoded}`)).toEqual(['client secret']);
    },
  );

  it(
    verifies('op:redaction', 'finds the secret half of a key pair in PEM and JWK, and not the public half'),
    () => {
      const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      const { d = '', ...open } = privateKey.export({ format: 'jwk' });
      const value = Buffer.from(d, 'base64url').toString('latin1');
      const keyScan = createSecretScan([{ kind: 'private key', value }]);
      const found = (text: string) => [...new Set(keyScan({ place: 'here', text }).map(({ kind }) => kind))];
      const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
      expect(found(pem)).toEqual(['private key']);
      expect(found(JSON.stringify({ pem }))).toEqual(['private key']);
      expect(found(JSON.stringify({ d }))).toEqual(['private key']);
      expect(found(JSON.stringify(open))).toEqual([]);
      expect(found(publicKey.export({ type: 'spki', format: 'pem' }).toString())).toEqual([]);
    },
  );

  it(verifies('op:redaction', 'finds a token that nobody handed in'), () => {
    expect(kinds('Bearer eyJhbGciOiJub25lIn0.e30.')).toEqual(['unknown token']);
    expect(kinds(btoa('Bearer eyJhbGciOiJub25lIn0.e30.'))).toEqual(['unknown token']);
  });

  it('takes no header for a secret, however it is written: all tokens of an issuer share it', () => {
    for (const text of [header, `"header":"${header}"`, btoa(header), Buffer.from(header).toString('hex')])
      expect(kinds(text)).toEqual([]);
    expect(kinds(`${header}.${token.split('.')[1]?.slice(0, 16)}`)).toEqual(['access token']);
  });

  it('takes no URL of the claims for a secret, and everything beside it', () => {
    const url = 'https://issuer.example/realms/acme';
    const claims = segment({ jti: 'k3Jd-9f_QwErTyU81Zx', iss: url, sub: 'opaque-b6f5d0a2-8c47' });
    const value = `${header}.${claims}.${randomBytes(64).toString('base64url')}`;
    const find = createSecretScan([{ kind: 'access token', value }]);
    const found = (text: string) => find({ place: 'here', text }).map(({ kind }) => kind);
    const elsewhere = [`{"ru":"${url}/callback"}`, `{"st":1,"ru":"${url}"}`, `{"a":"b","ru":"${url}"}`];
    for (const json of elsewhere) expect(found(Buffer.from(json).toString('base64url'))).toEqual([]);
    expect(found(claims.slice(0, 16))).toEqual(['access token']);
    expect(found(claims.slice(-16))).toEqual(['access token']);
    expect(found(value.slice(-16))).toEqual(['access token']);
  });

  it('takes session and client in a code of Keycloak for what they are', () => {
    const [random, session, client] = [randomUUID(), 'GgFzBegI3xpEJ2UrTXyh6a4G', randomUUID()];
    const find = createSecretScan([{ kind: 'authorization code', value: `${random}.${session}.${client}` }]);
    expect(find({ place: 'here', text: `{"session":"${session}","client":"${client}"}` })).toEqual([]);
    expect(find({ place: 'here', text: `${random.slice(0, 16)}` })).toHaveLength(1);
  });

  it('takes no hash of a secret for the secret', () => {
    const hash = createHash('sha256').update(token).digest();
    for (const encoding of ['hex', 'base64', 'base64url'] as const)
      expect(kinds(`{"token_hash":"${hash.toString(encoding)}"}`)).toEqual([]);
  });

  it('names place, line, kind and encoding, and never repeats the secret', () => {
    const text = `{"msg":"listening"}\n{"msg":"${Buffer.from(percent(token)).toString('base64')}"}`;
    const findings = describeFindings(scan({ place: 'log of broker', text }));
    expect(findings).toEqual(['log of broker, line 2: access token (percent-encoded in base64)']);
    for (const finding of findings) expect(finding).not.toContain(middle);
  });

  it('knows filler from secrets', () => {
    expect(['x'.repeat(43), 'short', '', 'ababababab'].map(canBeSecret)).toEqual([
      false,
      false,
      false,
      false,
    ]);
    expect(secrets.map(({ value }) => canBeSecret(value))).toEqual([true, true, true, true]);
  });
});

function percent(text: string): string {
  return Buffer.from(text).toString('hex').replace(/../g, '%$&');
}

function unicode(text: string): string {
  return Buffer.from(text).toString('hex').replace(/../g, '\\u00$&');
}

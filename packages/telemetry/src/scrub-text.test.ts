import { verifies } from '@mcp-obo/testbed/verifies';
import { describe, expect, it } from 'vitest';
import { scrubLine, scrubText, scrubUrl } from './scrub-text.ts';

const jwt = 'eyJhbGciOiJSUzI1NiIsInR5cCI6ImF0K2p3dCJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl';
const spaced = `${Buffer.from('{ "alg":"RS256"}').toString('base64url')}.e30.c2ln`;
const opaque = 'Vq3x_9-PzT0aLm4Rk8sYwQ1nBd7cHf2eJgUiOoXyZ5A';
const pem = '-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49\nAgEGCCqG\n-----END PRIVATE KEY-----';

const credentials: readonly (readonly [string, string, string])[] = [
  ['a JWT alone', jwt, jwt],
  ['a JWT whose header has white space', spaced, spaced],
  ['a JWT after a line break', `failed\n${jwt}`, jwt],
  ['a JWT behind other dotted parts', `cache.key.${jwt}`, jwt],
  ['a JWT behind a percent escape', `q=Bearer%20${jwt}`, jwt],
  ['a JWE of five parts', `${jwt}.AAAA.BBBB`, 'AAAA.BBBB'],
  ['an opaque bearer token', `Authorization: Bearer ${opaque}`, opaque],
  ['a bearer token in prose', `sent "Bearer ${opaque}" upstream`, opaque],
  ['a DPoP-bound token', `DPoP ${opaque}`, opaque],
  ['Basic credentials', 'Basic bWNwOnNlY3JldA==', 'bWNwOnNlY3JldA'],
  ['a DPoP proof header', `dpop: ${opaque}`, opaque],
  ['a cookie header', `cookie: session=${opaque}; a=b`, opaque],
  ['access_token in a query', `/mcp?x=1&access_token=${opaque}&y=2`, opaque],
  ['an authorization code in a redirect', `http://127.0.0.1/cb?code=${opaque}&state=s`, opaque],
  ['token in a revocation form', `token=${opaque}&token_type_hint=access_token`, opaque],
  ['assertion in a form', `grant_type=x&assertion=${opaque}`, opaque],
  ['client_secret in a form', 'client_secret=s3cr3t&scope=a', 's3cr3t'],
  ['refresh_token in JSON', `{"refresh_token":"${opaque}","expires_in":60}`, opaque],
  ['subject_token in JSON inside a string', `{\\"subject_token\\":\\"${opaque}\\"}`, opaque],
  ['code_verifier, percent-encoded', `code_verifier%3D${opaque}`, opaque],
  ['clientSecret in an inspected object', `{ clientSecret: '${opaque}' }`, opaque],
  ['a password in a URL', 'redis://default:hunter2@127.0.0.1:6379', 'hunter2'],
  ['a PEM key', pem, 'MIGHAgEAMBMGByqGSM49'],
  ['a PEM key cut short', pem.slice(0, 60), 'MIGHAgEAMBMGByqGSM49'],
];

describe('scrubText', () => {
  it.each(credentials)(verifies('op:redaction', 'takes out %s'), (_, text, secret) => {
    const out = scrubText(text);
    expect(out).toContain('[redacted]');
    expect(out).not.toContain(secret);
  });

  it.each(credentials)('says the same the second time: %s', (_, text) => {
    expect(scrubText(scrubText(text))).toBe(scrubText(text));
  });

  it.each(credentials)('leaves a line of JSON valid: %s', (_, text, secret) => {
    const line = scrubLine(JSON.stringify({ msg: text, nested: { list: [text] }, end: true }));
    expect(line).not.toContain(JSON.stringify(secret).slice(1, -1));
    expect(JSON.parse(line)).toMatchObject({ end: true });
  });

  it.each([
    'The Bearer token is missing',
    'Bearer resource_metadata="http://127.0.0.1:4000/.well-known/oauth-protected-resource/mcp", scope="mcp:tools:execute"',
    'connect failed: code=ECONNREFUSED',
    'invalid token: signature does not fit',
    'http://127.0.0.1:4003/acme/.well-known/openid-configuration',
    'keycloak.example.com answered 503',
    'scope "mcp:tools:execute expenses:read" for api://expenses',
    'token hash 47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU',
  ])('keeps what is no credential: %s', (text) => {
    expect(scrubText(text)).toBe(text);
  });

  it('leaves literals, lists and objects of a line of JSON as they are', () => {
    const line = '{"cookie":{"a":[1]},"dpop":true,"password":null,"secret":12,"authorization":["x"]}';
    expect(scrubLine(line)).toBe(line);
  });

  it('keeps the parts of a URL that hold no secret', () => {
    expect(scrubUrl(`https://u:p@idp.example/cb?code=${opaque}#access_token=${opaque}`)).toBe(
      'https://[redacted]@idp.example/cb',
    );
  });

  it('cuts a text that is far too long', () => {
    const out = scrubText('ey'.repeat(1_000_000));
    expect(out.length).toBeLessThan(17_000);
    expect(out).toContain('[cut]');
  });
});

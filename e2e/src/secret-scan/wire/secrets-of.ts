import { canBeSecret, type Secret, type SecretKind } from '../secret.ts';
import { type Fields, valuesOf, type WireMessage } from './message.ts';

/** Parameters of OAuth requests and answers that hold a secret (RFC 6749, 7523, 7591, 7636, 8693; OIDC). */
const parameters: Readonly<Record<string, SecretKind>> = {
  access_token: 'access token',
  subject_token: 'access token',
  actor_token: 'access token',
  assertion: 'access token',
  refresh_token: 'refresh token',
  id_token: 'ID token',
  id_token_hint: 'ID token',
  logout_token: 'logout token',
  code: 'authorization code',
  code_verifier: 'code verifier',
  client_secret: 'client secret',
  client_assertion: 'client assertion',
  registration_access_token: 'registration token',
  password: 'password',
};

/** Members of JSON that are something else there: `code` of an error, say. */
const notInJson = new Set(['code', 'password', 'assertion']);

/** Cookies of oidc-provider whose value is the name of a login in progress, which stands in its pages' address. */
const namesOfLogins = new Set(['_interaction', '_interaction_resume']);

const exchanges = new Set([
  'urn:ietf:params:oauth:grant-type:token-exchange',
  'urn:ietf:params:oauth:grant-type:jwt-bearer',
]);

/** Everything secret that one exchange on the wire shows. */
export function secretsOf(message: WireMessage): readonly Secret[] {
  const form = readForm(message);
  const exchanged = exchanges.has(form.get('grant_type') ?? '');
  return [
    ...inParameters(new URL(message.url).searchParams),
    ...inParameters(form),
    ...valuesOf(message.requestFields, 'authorization').flatMap(inAuthorization),
    ...valuesOf(message.requestFields, 'cookie').flatMap((line) => line.split('; ').flatMap(inCookie)),
    ...valuesOf(message.responseFields, 'set-cookie').flatMap((line) => inCookie(line.split(';')[0] ?? '')),
    ...valuesOf(message.responseFields, 'location').flatMap((url) => inLocation(url, message.url)),
    ...inJson(message, exchanged),
  ].filter(({ value }) => canBeSecret(value));
}

function readForm({ requestFields, requestBody }: WireMessage): URLSearchParams {
  return new URLSearchParams(isOf(requestFields, 'application/x-www-form-urlencoded') ? requestBody : '');
}

function inParameters(values: URLSearchParams): readonly Secret[] {
  // A `code` is one of OAuth where it comes with its state, or is redeemed (RFC 6749 §4.1.2, §4.1.3).
  const authorization = values.has('state') || values.has('grant_type');
  return [...values].flatMap(([name, value]) =>
    name === 'code' && !authorization ? [] : secretNamed(name, value),
  );
}

function inAuthorization(line: string): readonly Secret[] {
  const [scheme = '', value = ''] = line.split(' ');
  if (/^(?:bearer|dpop)$/i.test(scheme)) return [{ kind: 'access token', value }];
  if (!/^basic$/i.test(scheme)) return [];
  const password = Buffer.from(value, 'base64').toString().split(':').slice(1).join(':');
  // RFC 6749 §2.3.1: both halves are form-encoded; what goes into logs may be either spelling.
  return [password, decoded(password), value].map((secret) => ({ kind: 'client secret', value: secret }));
}

function inCookie(pair: string): readonly Secret[] {
  const at = pair.indexOf('=');
  return at === -1 || namesOfLogins.has(pair.slice(0, at))
    ? []
    : [{ kind: 'session cookie', value: pair.slice(at + 1).replaceAll('"', '') }];
}

function inLocation(location: string, base: string): readonly Secret[] {
  if (!URL.canParse(location, base)) return [];
  const { searchParams, hash } = new URL(location, base);
  return [...inParameters(searchParams), ...inParameters(new URLSearchParams(hash.slice(1)))];
}

function inJson({ responseFields, responseBody }: WireMessage, exchanged: boolean): readonly Secret[] {
  if (!isOf(responseFields, 'application/json')) return [];
  const members = parse(responseBody);
  return Object.entries(members).flatMap(([name, value]) => {
    if (typeof value !== 'string' || notInJson.has(name)) return [];
    return exchanged && name === 'access_token'
      ? [{ kind: 'exchanged token', value } as const]
      : secretNamed(name, value);
  });
}

function secretNamed(name: string, value: string): readonly Secret[] {
  const kind = Object.hasOwn(parameters, name) ? parameters[name] : undefined;
  return kind === undefined ? [] : [{ kind, value }];
}

function isOf(fields: Fields, type: string): boolean {
  return valuesOf(fields, 'content-type').some((value) => value.toLowerCase().startsWith(type));
}

function parse(text: string): object {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return text;
  }
}

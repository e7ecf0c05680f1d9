import { describe, expect, it } from 'vitest';
import type { WireMessage } from './message.ts';
import { secretsOf } from './secrets-of.ts';

const form = [['content-type', 'application/x-www-form-urlencoded']] as const;
const json = [['content-type', 'application/json; charset=utf-8']] as const;
const silent: WireMessage = {
  method: 'POST',
  url: 'http://127.0.0.1/token',
  requestFields: [],
  requestBody: '',
  status: 200,
  responseFields: [],
  responseBody: '',
};
const value = 'k3Jd-9f_QwErTyU81Zx';
const seen = (message: Partial<WireMessage>) =>
  secretsOf({ ...silent, ...message }).map(({ kind, value: found }) => `${kind} ${found}`);

describe('what is secret on the wire', () => {
  it.each<[string, Partial<WireMessage>, readonly string[]]>([
    [
      'a code and its verifier',
      {
        requestFields: form,
        requestBody: `grant_type=authorization_code&code=${value}c&code_verifier=${value}v`,
      },
      [`authorization code ${value}c`, `code verifier ${value}v`],
    ],
    [
      'the tokens of an answer',
      {
        responseFields: json,
        responseBody: JSON.stringify({ access_token: value, refresh_token: `${value}r` }),
      },
      [`access token ${value}`, `refresh token ${value}r`],
    ],
    [
      'an exchanged token',
      {
        requestFields: form,
        requestBody: `grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange&subject_token=${value}s`,
        responseFields: json,
        responseBody: JSON.stringify({ access_token: value }),
      },
      [`access token ${value}s`, `exchanged token ${value}`],
    ],
    ['a bearer token', { requestFields: [['Authorization', `Bearer ${value}`]] }, [`access token ${value}`]],
    [
      'a secret in Basic credentials, in each spelling',
      { requestFields: [['authorization', `Basic ${btoa(`http%3A%2F%2Fa:${value}%2B`)}`]] },
      [
        `client secret ${value}%2B`,
        `client secret ${value}+`,
        `client secret ${btoa(`http%3A%2F%2Fa:${value}%2B`)}`,
      ],
    ],
    [
      'cookies, both ways',
      {
        requestFields: [['Cookie', `_session=${value}; other="${value}o"`]],
        responseFields: [['set-cookie', `_session=${value}n; Path=/; HttpOnly`]],
      },
      [`session cookie ${value}`, `session cookie ${value}o`, `session cookie ${value}n`],
    ],
    [
      'a code in a redirect',
      { responseFields: [['location', `/callback?code=${value}&state=other`]] },
      [`authorization code ${value}`],
    ],
    [
      'a token in the query',
      { url: `http://127.0.0.1/mcp?access_token=${value}` },
      [`access token ${value}`],
    ],
    [
      'the name of a login',
      { requestFields: [['cookie', `_interaction=${value}; _session=${value}s`]] },
      [`session cookie ${value}s`],
    ],
    ['the code of an error', { responseFields: json, responseBody: `{"code":"${value}"}` }, []],
    [
      'filler',
      { requestFields: form, requestBody: `grant_type=x&code=short&code_verifier=${'x'.repeat(43)}` },
      [],
    ],
  ])('%s', (_, message, expected) => {
    expect(seen(message)).toEqual(expected);
  });
});

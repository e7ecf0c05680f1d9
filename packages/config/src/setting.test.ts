import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  endpointSetting,
  flagSetting,
  networksSetting,
  originSetting,
  portSetting,
  refuseRepeated,
  resourceUriSetting,
  scopeSetting,
  secondsSetting,
  serverUrlSetting,
  wordsSetting,
} from './setting.ts';

const settings: readonly (readonly [string, z.ZodType, readonly unknown[], readonly unknown[]])[] = [
  ['a port', portSetting, [1, '4000', 65_535], [0, 65_536, 1.5, 'abc', '']],
  ['seconds', secondsSetting, [1, '60'], [0, -1, 1.5, 'soon']],
  ['a flag', flagSetting, [true, 'false'], ['yes', 1]],
  ['words', wordsSetting, [['a', 'b'], 'a b', 'a,b', ''], [{ a: 1 }, 1, ['']]],
  ['a scope', scopeSetting, ['api://x/read'], ['', 'a b', 'a"b', 'a\\b']],
  [
    'an endpoint',
    endpointSetting,
    ['https://a.example/keys?appid=1', 'http://127.0.0.1:1/x', 'http://[::1]/', 'http://localhost/x'],
    ['http://a.example', 'https://a.example/#x', 'https://u:p@a.example', 'ftp://a.example', '/x', ''],
  ],
  [
    'a server URL',
    serverUrlSetting,
    ['https://a.example/tenant', 'http://127.0.0.1:4003/acme'],
    ['https://a.example?x', 'http://127.0.0.1.evil.example', 'http://a.example'],
  ],
  [
    'a resource',
    resourceUriSetting,
    ['https://a.example/mcp', 'https://a.example', 'api://x', 'https://a.example/mcp/'],
    ['HTTPS://a.example/mcp', 'https://A.example', 'https://a.example:443/', 'https://a.example/#x', 'mcp'],
  ],
  [
    'parts of a network',
    networksSetting,
    [['10.1.0.0/16', 'idp.internal', '::1', 'fd00::/8'], 'idp.internal 10.0.0.1'],
    ['zz/9', '10.0.0.0/33', 'https://idp.internal', 'idp.internal:8080', '10.0.0.0/8/8'],
  ],
  [
    'an origin',
    originSetting,
    ['https://app.example', 'http://localhost:6274'],
    ['https://app.example/', '*', 'null', 'app.example', 'https://app.example/x'],
  ],
];

it('names the entry of a list that repeats an earlier one', () => {
  const list = z.array(z.object({ issuer: z.string() })).superRefine(refuseRepeated('issuer'));
  const { error } = list.safeParse([{ issuer: 'a' }, { issuer: 'b' }, { issuer: 'a' }]);
  expect(error?.issues).toMatchObject([{ path: [2, 'issuer'], message: 'a is listed twice' }]);
});

describe.each(settings)('%s', (_, schema, right, wrong) => {
  it.each(right.map((value) => [JSON.stringify(value), value]))('may be %s', (_text, value) => {
    expect(schema.safeParse(value).error).toBeUndefined();
  });

  it.each(wrong.map((value) => [JSON.stringify(value), value]))('cannot be %s', (_text, value) => {
    expect(schema.safeParse(value).success).toBe(false);
  });
});

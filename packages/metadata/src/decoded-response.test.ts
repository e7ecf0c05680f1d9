import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { verifies } from '@mcp-obo/testbed/verifies';
import { describe, expect, it } from 'vitest';
import { decodedResponse } from './decoded-response.ts';

const url = new URL('https://idp.example/keys');
const text = '{"keys":[]}';

function decoded(coding: string, body: Buffer): Promise<Response> {
  const headers = { 'content-encoding': coding, 'content-length': String(body.byteLength), vary: 'accept' };
  return decodedResponse({ status: 200, statusText: 'OK', headers, body }, url, 1024);
}

describe('an encoding that nobody asked for', () => {
  it.each([
    ['gzip', gzipSync],
    ['X-Gzip', gzipSync],
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
    ['identity', Buffer.from],
  ])('is undone: %s', async (coding, encode) => {
    const response = await decoded(coding, encode(Buffer.from(text)));
    expect([...response.headers]).toEqual([['vary', 'accept']]);
    expect(await response.text()).toBe(text);
  });

  it.each([
    ['is not known', 'compress', Buffer.from(text)],
    ['is two', 'gzip, gzip', gzipSync(gzipSync(text))],
    ['is not the one that was said', 'br', gzipSync(text)],
    ['is cut off', 'gzip', gzipSync(text).subarray(0, 15)],
    ['has the name of a member of objects', 'constructor', Buffer.from(text)],
  ])(
    verifies('md:ssrf', 'makes the answer one that cannot be read when it %s'),
    async (_name, coding, body) => {
      const response = decoded(coding, body);
      await expect(response).rejects.toMatchObject({ code: 'bad_gateway', reason: 'response_encoding' });
    },
  );

  it(verifies('md:ssrf', 'is undone up to the bound and no further'), async () => {
    const response = decoded('gzip', gzipSync(Buffer.alloc(1025)));
    await expect(response).rejects.toMatchObject({ code: 'bad_gateway', reason: 'response_too_large' });
  });
});

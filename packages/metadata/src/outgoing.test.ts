import { describe, expect, it } from 'vitest';
import { dispatchable } from './outgoing.ts';

const url = new URL('https://idp.example/token?p=1#part');
const parts = new FormData();
parts.set('a', 'b c');

describe('what is sent', () => {
  it.each<[string, RequestInit['body'], string | undefined, string | null]>([
    ['a form', new URLSearchParams({ a: 'b c' }), 'application/x-www-form-urlencoded;charset=UTF-8', 'a=b+c'],
    ['text', 'ä', 'text/plain;charset=UTF-8', 'ä'],
    ['bytes', Buffer.from('ä'), undefined, 'ä'],
    ['parts', parts, 'multipart/form-data; boundary=', 'b c'],
    ['nothing', null, undefined, null],
  ])('says what it is, as fetch does: %s', async (_name, body, type, sent) => {
    const request = await dispatchable({ url, init: { method: 'post', body } });
    expect(request).toMatchObject({ origin: url.origin, path: '/token?p=1', method: 'POST' });
    const { 'content-type': said } = request.headers as Record<string, string>;
    expect(said).toEqual(type === undefined ? undefined : expect.stringContaining(type));
    expect(request.body === null ? null : Buffer.from(request.body as Uint8Array).toString()).toEqual(
      sent === null ? null : expect.stringContaining(sent),
    );
  });

  it('has the headers of the caller, and defaults for what it leaves open', async () => {
    const { headers } = await dispatchable({
      url,
      init: { body: '{}', headers: { 'Content-Type': 'application/json', Accept: 'application/json' } },
    });
    expect(headers).toEqual({
      accept: 'application/json',
      'content-type': 'application/json',
      'user-agent': 'mcp-obo',
    });
  });
});

import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate } from 'node:zlib';
import { OAuthError } from '@mcp-obo/oauth-error';
import { type Answer, tooLarge } from './one-request.ts';

const decoders = {
  gzip: promisify(gunzip),
  deflate: promisify(inflate),
  br: promisify(brotliDecompress),
} as const;

/**
 * A plain `Response` with the URL that was answered. No encoding is asked for, so that most answers have none; one
 * that was applied all the same is undone as far as the body has at most `maxBytes` after it (RFC 9110 §8.4).
 * The headers that told of it are left out.
 */
export async function decodedResponse(answer: Answer, url: URL, maxBytes: number): Promise<Response> {
  const { status, statusText } = answer;
  const { 'content-encoding': coding, 'content-length': _length, ...rest } = answer.headers;
  const body = await decode(answer.body, coding, maxBytes);
  const headers = Object.entries(rest).flatMap(([name, value = []]) =>
    [value].flat().map((line): [string, string] => [name, line]),
  );
  const init = { status, statusText, headers };
  const response = new Response(body.byteLength === 0 ? null : (body as Uint8Array<ArrayBuffer>), init);
  Object.defineProperty(response, 'url', { value: url.href });
  return response;
}

async function decode(body: Buffer, coding: string | undefined, maxOutputLength: number): Promise<Buffer> {
  const name = coding?.trim().toLowerCase() ?? '';
  if (body.byteLength === 0 || name === '' || name === 'identity') return body;
  const known = name === 'x-gzip' ? 'gzip' : name;
  if (!Object.hasOwn(decoders, known)) throw unreadable(new Error(`content-encoding ${name}`));
  try {
    return await decoders[known as keyof typeof decoders](body, { maxOutputLength });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(maxOutputLength);
    throw unreadable(cause);
  }
}

function unreadable(cause: unknown): OAuthError {
  return new OAuthError('bad_gateway', 'A server behind this one sent an answer that cannot be read.', {
    reason: 'response_encoding',
    cause,
  });
}

import { OAuthError } from '@mcp-obo/oauth-error';
import type { Response as UndiciResponse } from 'undici';

/**
 * Reads a response to its end, or refuses when the body, decompressed, is longer than `maxBytes`. The
 * result is a plain `Response` with the URL that was answered and without the headers that told of the
 * encoding.
 */
export async function boundedResponse(
  response: UndiciResponse,
  url: URL,
  maxBytes: number,
): Promise<Response> {
  const body = await readBounded(response, maxBytes);
  const headers = new Headers([...response.headers]);
  headers.delete('content-encoding');
  headers.delete('content-length');
  const { status, statusText } = response;
  const bounded = new Response(body.byteLength === 0 ? null : body, { status, statusText, headers });
  Object.defineProperty(bounded, 'url', { value: url.href });
  return bounded;
}

async function readBounded(response: UndiciResponse, maxBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength;
    if (size > maxBytes) throw tooLarge(maxBytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function tooLarge(maxBytes: number): OAuthError {
  return new OAuthError('bad_gateway', 'A server behind this one sent an answer that is too large.', {
    reason: 'response_too_large',
    cause: new Error(`more than ${maxBytes} bytes`),
  });
}

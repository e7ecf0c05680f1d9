import type { IncomingHttpHeaders } from 'node:http';
import { OAuthError } from '@mcp-obo/oauth-error';
import type { Dispatcher } from 'undici';

/** An answer, read to its end. */
export interface Answer {
  readonly status: number;
  readonly statusText: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface OneRequestOptions {
  /** Ends it at once, also while the connection is being made. */
  readonly signal: AbortSignal;
  /** Largest body that is read, as it comes over the connection. */
  readonly maxBytes: number;
}

/**
 * Sends one request and reads its answer. Rejects with the reason of the signal, with what the dispatcher says, or
 * with an `OAuthError` of reason `response_too_large`.
 */
export function sendRequest(
  dispatcher: Dispatcher,
  request: Dispatcher.DispatchOptions,
  { signal, maxBytes }: OneRequestOptions,
): Promise<Answer> {
  return new Promise<Answer>((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    let head: Omit<Answer, 'body'> | undefined;
    let running: Dispatcher.DispatchController | undefined;

    const end = () => signal.removeEventListener('abort', aborted);
    function aborted(): void {
      end();
      reject(signal.reason);
      running?.abort(signal.reason);
    }
    if (signal.aborted) return aborted();
    signal.addEventListener('abort', aborted);

    dispatcher.dispatch(request, {
      onRequestStart(controller) {
        running = controller;
        if (signal.aborted) controller.abort(signal.reason);
      },
      onResponseStart(_controller, status, headers, statusText = '') {
        // What comes before the answer, such as 103, is none.
        if (status >= 200) head = { status, statusText, headers };
      },
      onResponseData(controller, chunk) {
        size += chunk.byteLength;
        if (size > maxBytes) controller.abort(tooLarge(maxBytes));
        else chunks.push(chunk);
      },
      onResponseEnd() {
        end();
        if (head !== undefined) resolve({ ...head, body: Buffer.concat(chunks) });
      },
      onResponseError(_controller, error) {
        end();
        reject(error);
      },
    });
  });
}

/** A body that is longer than what is read. */
export function tooLarge(maxBytes: number): OAuthError {
  return new OAuthError('bad_gateway', 'A server behind this one sent an answer that is too large.', {
    reason: 'response_too_large',
    cause: new Error(`more than ${maxBytes} bytes`),
  });
}

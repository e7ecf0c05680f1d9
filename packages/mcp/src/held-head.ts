import type { ServerResponse } from 'node:http';

/**
 * Keeps the head of a response back until its body begins or ends. Until then nothing is promised, and what
 * the handler meets meanwhile can still be told by an HTTP status.
 *
 * @param instead Asked once, when the body is about to begin; what it returns is sent in place of the answer.
 */
export function holdHead(response: ServerResponse, instead: () => HeldAnswer | undefined): void {
  const { writeHead, write, end, flushHeaders } = response;
  let head: unknown[] | undefined;

  const begin = (carryOn: () => unknown): unknown => {
    Object.assign(response, { writeHead, write, end, flushHeaders });
    const answer = instead();
    if (answer === undefined) {
      if (head !== undefined) Reflect.apply(writeHead, response, head);
      return carryOn();
    }
    response.writeHead(answer.status, answer.headers).end(answer.body);
    Object.assign(response, { write: () => true, end: () => response });
    return true;
  };

  Object.assign(response, {
    writeHead: (...args: unknown[]) => {
      head = args;
      return response;
    },
    flushHeaders: () => undefined,
    write: (...args: unknown[]) => begin(() => Reflect.apply(write, response, args)),
    end: (...args: unknown[]) => {
      begin(() => Reflect.apply(end, response, args));
      return response;
    },
  });
}

/** An answer in place of the one that was held. */
export interface HeldAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

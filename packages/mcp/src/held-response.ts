/**
 * Waits until the body of a response has begun or ended. Until then an event stream has promised nothing,
 * and what its handler meets meanwhile can still be told by an HTTP status.
 *
 * @returns the same response, whose body starts with what was read, without headers of the connection.
 */
export async function heldUntilBodyBegins(response: Response): Promise<Response> {
  if (response.body === null) return response;
  const reader = response.body.getReader();
  const first = await reader.read();
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => {
      if (first.done) controller.close();
      else controller.enqueue(first.value);
    },
    pull: async (controller) => {
      const next = await reader.read();
      if (next.done) controller.close();
      else controller.enqueue(next.value);
    },
    cancel: (reason) => reader.cancel(reason),
  });
  const { status, statusText, headers } = response;
  const held = new Response(body, { status, statusText, headers });
  // Whether the connection lives on is between client and server (RFC 9110 §7.6.1): a client that asked to close it waits.
  held.headers.delete('connection');
  return held;
}

import { expect, it } from 'vitest';
import { heldUntilBodyBegins } from './held-response.ts';

it('leaves the headers of the connection to the server that has it (RFC 9110 §7.6.1)', async () => {
  const headers = { connection: 'keep-alive', 'content-type': 'text/event-stream' };
  const held = await heldUntilBodyBegins(new Response('data: 1\n\n', { status: 202, headers }));
  expect(held.status).toBe(202);
  expect([...held.headers]).toEqual([['content-type', 'text/event-stream']]);
  expect(await held.text()).toBe('data: 1\n\n');
});

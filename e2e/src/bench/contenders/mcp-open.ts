import { toWebRequest } from '@modelcontextprotocol/node';
import { createMcpHandler, Server } from '@modelcontextprotocol/server';
import Fastify from 'fastify';
import { greeting } from './greeting-tool.ts';
import { listen } from './listen.ts';

// The same handler on the same framework, and nobody is asked who they are.
const handler = createMcpHandler(() => {
  const server = new Server({ name: 'bench', version: '1' }, { capabilities: { tools: {} } });
  server.setRequestHandler('tools/call', () => greeting);
  return server;
});
const app = Fastify();
app.post('/mcp', async (request, reply) => {
  const answer = await handler.fetch(await toWebRequest(request.raw, request.body), {
    parsedBody: request.body,
  });
  return reply.send(answer);
});
await listen(app);

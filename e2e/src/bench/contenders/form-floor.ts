import Fastify from 'fastify';
import type { FormFloorData } from '../measurements/broker.ts';
import { listen } from './listen.ts';
import { startData } from './loop.ts';

// The least that any token endpoint on this framework does: parse the form, answer JSON.
const { answer } = startData<FormFloorData>();
const app = Fastify();
app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, body, done) =>
  done(null, new URLSearchParams(body.toString())),
);
app.post('/token', async (request) => {
  const form = request.body as URLSearchParams;
  return form.get('subject_token') === null ? { error: 'invalid_request' } : answer;
});
await listen(app);

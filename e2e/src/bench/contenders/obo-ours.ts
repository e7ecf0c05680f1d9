import { createLocalExchange, type DownstreamToken } from '@mcp-obo/exchange';
import type { OnBehalfOfData } from '../measurements/on-behalf-of.ts';
import { serveLoop, startData } from './loop.ts';

const data = startData<OnBehalfOfData>();
const { clientId, clientSecret, ca, users } = data;
const target = { name: 'expenses-api', scopes: data.consented };
const exchange = createLocalExchange({
  issuers: [
    {
      issuer: data.issuer,
      tenant: 'acme',
      profile: 'entra',
      audiences: [clientId],
      jwksUri: data.jwksUri,
      tokenEndpoint: data.tokenEndpoint,
      credential: { kind: 'client_secret_post', clientId, clientSecret },
    },
  ],
  targets: [{ ...target, audience: data.api, answerAudience: data.apiId, kind: 'jwt' }],
  policy: [{ target: target.name, scopes: target.scopes }],
  network: { allowLoopbackHttp: true, tls: { ca } },
});
const call = (index: number) =>
  exchange.onBehalfOf({
    target: target.name,
    scopes: [data.scope],
    subjectToken: users[index % users.length]?.subjectToken ?? '',
  });
const indices = users.keys();
// Several at a time; they share the iterator. On a busy machine the double may take longer than an exchange may.
await Promise.all(
  Array.from({ length: 8 }, async () => {
    for (const index of indices) await call(index).catch(() => call(index));
  }),
);
serveLoop({ call, isRight: (token) => (token as DownstreamToken).source === 'cache' });

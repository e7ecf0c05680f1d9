import { hash } from 'node:crypto';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { type AuthenticationResult, ConfidentialClientApplication } from '@azure/msal-node';
import type { OnBehalfOfData } from '../measurements/on-behalf-of.ts';
import { serveLoop, startData } from './loop.ts';

const { clientId, clientSecret, authority, ca, api, scope, users } = startData<OnBehalfOfData>();
setDefaultCACertificates([...getCACertificates('default'), ca]);
const msal = new ConfidentialClientApplication({
  auth: { clientId, clientSecret, authority, knownAuthorities: [new URL(authority).host] },
});
const scopes = [`${api}/${scope}`];
const call = (index: number) =>
  msal.acquireTokenOnBehalfOf({
    oboAssertion: users[index % users.length]?.subjectToken ?? '',
    scopes,
  });
await call(0);
fillWithAll();
serveLoop({ call, isRight: (result) => (result as AuthenticationResult).fromCache });

/**
 * What its cache holds for the first user, for all of them. Getting each from the identity provider takes MSAL longer
 * the more it holds, minutes in all; that each is found is seen when it is asked for.
 */
function fillWithAll(): void {
  const cache = msal.getTokenCache();
  const one = cache.serialize();
  const [first] = users;
  if (first === undefined) return;
  const all: Record<string, Record<string, unknown>> = {};
  for (const user of users) {
    const own = one
      .replaceAll(first.oid, user.oid)
      .replaceAll(assertionHash(first.subjectToken), assertionHash(user.subjectToken));
    for (const [kind, entries] of Object.entries(JSON.parse(own) as typeof all))
      all[kind] = Object.assign(all[kind] ?? {}, entries);
  }
  cache.deserialize(JSON.stringify(all));
}

function assertionHash(subjectToken: string): string {
  return hash('sha256', subjectToken, 'base64url');
}

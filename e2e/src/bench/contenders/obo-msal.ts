import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { type AuthenticationResult, ConfidentialClientApplication } from '@azure/msal-node';
import type { OnBehalfOfData } from '../measurements/on-behalf-of.ts';
import { serveLoop, startData } from './loop.ts';

const { clientId, clientSecret, authority, ca, api, scope, subjectTokens } = startData<OnBehalfOfData>();
setDefaultCACertificates([...getCACertificates('default'), ca]);
const msal = new ConfidentialClientApplication({
  auth: { clientId, clientSecret, authority, knownAuthorities: [new URL(authority).host] },
});
const scopes = [`${api}/${scope}`];
const call = (index: number) =>
  msal.acquireTokenOnBehalfOf({
    oboAssertion: subjectTokens[index % subjectTokens.length] ?? '',
    scopes,
  });
for (const [index] of subjectTokens.entries()) await call(index);
serveLoop({ call, isRight: (result) => (result as AuthenticationResult).fromCache });

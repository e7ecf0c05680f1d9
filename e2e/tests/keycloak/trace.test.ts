import { readRemoteSpans } from '@mcp-obo/platform/otlp';
import { inject } from 'vitest';
import { logInByHand } from '../clients/fixture/raw-login.ts';
import { hop } from '../trace/fixture/hops.ts';
import { auditRecords, clientCredentials, type TracedPlatform } from '../trace/fixture/traced-platform.ts';
import { describeTraces } from '../trace/suite.ts';

const platform = inject('platform');
const { receiverUrl, auditFiles, version } = inject('keycloak');
const { urls, users } = platform;
const endpoint = (name: string) => `${urls.issuers.acme}/protocol/openid-connect/${name}`;

/** Which client a token was issued to; only that may revoke it (RFC 7009 §2.1). */
const clientOf = new Map<string, string>();

const on: TracedPlatform = {
  urls,
  users,
  receiverUrl,
  spans: () => readRemoteSpans(receiverUrl),
  idp: {
    service: 'keycloak',
    tokenRequest: 'POST /realms/{realm}/protocol/{protocol}/token',
    logIn: async (username) => {
      const { accessToken, clientId } = await logInByHand(platform, { username });
      clientOf.set(accessToken, clientId);
      return accessToken;
    },
    logInMachine: () => clientCredentials(platform, endpoint('token')),
    failExchange: async (token) => {
      const body = new URLSearchParams({ token, client_id: clientOf.get(token) ?? '' });
      const { status } = await fetch(endpoint('revoke'), { method: 'POST', body });
      if (status !== 200) throw new Error(`The token cannot be revoked (${status}).`);
    },
    failedHops: [
      hop(0, 'mcp-client', 'tools/call list_expenses ✗'),
      hop(1, 'mcp-client', 'POST ✗'),
      hop(2, 'mcp-server', 'POST /mcp'),
      hop(3, 'mcp-server', 'tools/call list_expenses ✗'),
      hop(4, 'mcp-server', 'POST ✗'),
      hop(5, 'broker', 'POST /token'),
      hop(6, 'broker', 'token exchange ✗'),
      hop(7, 'broker', 'POST ✗'),
      hop(8, 'keycloak', 'POST /realms/{realm}/protocol/{protocol}/token'),
    ],
  },
  parts: {
    [new URL(urls.mcp).origin]: 'mcp-server',
    [urls.broker]: 'broker',
    [urls.downstream]: 'downstream-api',
    [urls.idp]: 'keycloak',
  },
  audit: (part) => auditRecords(auditFiles[part]),
  stop: async () => undefined,
};

describeTraces(`Keycloak ${version}`, async () => on);

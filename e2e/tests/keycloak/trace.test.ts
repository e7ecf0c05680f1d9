import { randomBytes } from 'node:crypto';
import { readRemoteSpans } from '@mcp-obo/platform/otlp';
import { verifies } from '@mcp-obo/testbed/verifies';
import { describe, expect, inject, it } from 'vitest';
import { gatherTrace } from '../../src/trace/gather.ts';
import { findSpans } from '../../src/trace/trace.ts';
import { post } from '../clients/fixture/mcp-http.ts';
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
    logIn: async (username, scope) => {
      const { accessToken, clientId } = await logInByHand(platform, {
        username,
        ...(scope !== undefined && { scope }),
      });
      clientOf.set(accessToken, clientId);
      return accessToken;
    },
    logInMachine: () => clientCredentials(platform, endpoint('token')),
    failExchange: async (token) => {
      const body = new URLSearchParams({ token, client_id: clientOf.get(token) ?? '' });
      const { status } = await fetch(endpoint('revoke'), { method: 'POST', body });
      if (status !== 200) throw new Error(`The token cannot be revoked (${status}).`);
      return async () => undefined;
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

describe('the spans of Keycloak itself', () => {
  /** Calls the tool in a trace of its own; gives Keycloak's part of it. */
  const keycloakPart = async (token: string, traceId: string) => {
    const parent = randomBytes(8).toString('hex');
    await post(
      urls.mcp,
      { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'list_expenses', arguments: {} } },
      { authorization: `Bearer ${token}`, traceparent: `00-${traceId}-${parent}-01` },
    );
    const trace = await gatherTrace(on.spans, traceId, { parts: on.parts, root: parent });
    const [request] = findSpans(trace, { service: 'keycloak', name: on.idp.tokenRequest, kind: 'server' });
    const [grant] = findSpans(trace, { service: 'keycloak', name: 'TokenEndpoint.processGrantRequest' });
    expect(grant?.parent).toBe(request);
    return { request: request?.span, grant: grant?.span };
  };
  const newTrace = () => randomBytes(16).toString('hex');

  it(verifies('op:traces', 'name the token that the API then gets'), async () => {
    const traceId = newTrace();
    const { request, grant } = await keycloakPart(await on.idp.logIn('frank'), traceId);
    expect(request?.attributes).toMatchObject({
      'http.response.status_code': 200,
      'url.path': '/realms/acme/protocol/openid-connect/token',
    });
    const [served] = on.audit('downstream-api').filter(({ trace_id }) => trace_id === traceId);
    expect(grant?.attributes).toMatchObject({
      'kc.clientId': urls.mcp,
      'kc.token.id': served?.token_id,
    });
  });

  it(verifies('op:traces', 'hold the error of a refused exchange where Keycloak found it'), async () => {
    const token = await on.idp.logIn('frank');
    await on.idp.failExchange(token);
    const { request, grant } = await keycloakPart(token, newTrace());
    expect([request?.attributes['http.response.status_code'], request?.failed]).toEqual([400, false]);
    expect(grant?.failed).toBe(true);
  });
});

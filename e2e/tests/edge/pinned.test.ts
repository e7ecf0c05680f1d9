import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Authority, createAuthority } from '@mcp-obo/compose';
import { createTestIssuer } from '@mcp-obo/testbed/issuer';
import { freePorts } from '@mcp-obo/testbed/ports';
import { verifies } from '@mcp-obo/testbed/verifies';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startApp } from '../attacks/fixture/app-process.ts';
import { startBroker } from '../attacks/fixture/broker.ts';
import { startUpstream } from '../attacks/fixture/upstream.ts';
import { startTlsFront } from './fixture/tls-front.ts';

describe('an issuer whose certificate is pinned to an authority', () => {
  let authority: Authority;
  let other: Authority;
  const folder = mkdtempSync(join(tmpdir(), 'mcp-obo-pinned-'));
  const trusted = join(folder, 'both.pem');
  const stops: (() => Promise<unknown>)[] = [];

  beforeAll(async () => {
    [authority, other] = await Promise.all([
      createAuthority({ now: Date.now, name: 'the right one' }),
      createAuthority({ now: Date.now, name: 'another one' }),
    ]);
    // The process trusts both: what refuses is the pin, and nothing else.
    writeFileSync(trusted, authority.cert + other.cert);
  });
  afterEach(async () => {
    for (const stop of stops.splice(0).reverse()) await stop();
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** An issuer, its keys behind TLS, and the MCP server that pins it to this authority. */
  async function callServer(pinned: Authority): Promise<number> {
    const [port = 0, issuerPort = 0, unused = 0] = await freePorts(3);
    const issuer = createTestIssuer({ issuer: `http://127.0.0.1:${issuerPort}/acme` });
    const served = await issuer.serve();
    stops.push(() => served.close());
    const front = await startTlsFront(`http://127.0.0.1:${issuerPort}`, await authority.issue(['127.0.0.1']));
    stops.push(front.close);
    const resource = `http://127.0.0.1:${port}/mcp`;
    const app = await startApp({
      app: 'mcp-server',
      env: { NODE_EXTRA_CA_CERTS: trusted },
      config: {
        listen: { port },
        resource,
        issuers: [{ tenant: 'acme', issuer: issuer.issuer, jwks_uri: `${front.origin}/acme/jwks` }],
        issuer_ca: { value: pinned.cert },
        exchange: { client_id: 'x', client_secret: { value: 'a secret of this test' } },
        downstream: { url: `http://127.0.0.1:${unused}` },
      },
    });
    stops.push(app.stop);
    const token = await issuer.mint({ aud: resource, scope: 'mcp:tools:execute', roles: ['employee'] });
    const answer = await fetch(resource, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
      },
      body: JSON.stringify({
        jsonrpc: '2.0',
        id: 1,
        method: 'tools/call',
        params: { name: 'whoami', arguments: {} },
      }),
    });
    await answer.text();
    return answer.status;
  }

  it(verifies('op:tls', 'gives the MCP server its keys'), async () => {
    expect(await callServer(authority)).toBe(200);
  });

  it(
    verifies('op:tls', 'gives the MCP server none when somebody else signed, whom the system trusts'),
    async () => {
      expect(await callServer(other)).toBe(503);
    },
  );

  /** The broker, and an upstream behind TLS that it pins to this authority. */
  async function exchange(pinned: Authority): Promise<{ status: number; requests: number }> {
    const [issuerPort = 0] = await freePorts(1);
    const issuer = createTestIssuer({
      issuer: `http://127.0.0.1:${issuerPort}/acme`,
      claims: { scope: 'mcp:tools:execute expenses:read expenses:write' },
    });
    const served = await issuer.serve();
    stops.push(() => served.close());
    const upstream = await startUpstream(issuer);
    stops.push(upstream.close);
    const front = await startTlsFront(new URL(upstream.url).origin, await authority.issue(['127.0.0.1']));
    stops.push(front.close);
    const broker = await startBroker({
      beside: { issuer, upstream },
      issuer: { token_endpoint: `${front.origin}/token` },
      config: { network: { allow_loopback: true, timeout_seconds: 2, ca: { value: pinned.cert } } },
    });
    stops.push(broker.close);
    const answer = await broker.exchange(await broker.subject());
    return { status: answer.status, requests: upstream.requests.length };
  }

  it(verifies('op:tls', 'gets the secret of the broker, and gives it tokens'), async () => {
    expect(await exchange(authority)).toEqual({ status: 200, requests: 1 });
  });

  it(verifies('op:tls', 'is shown no secret of the broker when somebody else signed'), async () => {
    expect(await exchange(other)).toEqual({ status: 503, requests: 0 });
  });
});

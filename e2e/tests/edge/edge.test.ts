import { connect as connectPlain } from 'node:net';
import { connect, type SecureVersion } from 'node:tls';
import { verifies } from '@mcp-obo/testbed/verifies';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BehindTheEdge, startBehindTheEdge } from './fixture/behind-the-edge.ts';
import { nginxAvailable } from './fixture/nginx.ts';

const withoutNginx = !nginxAvailable() && process.env.CI !== 'true';

describe.skipIf(withoutNginx)('the edge', () => {
  let world: BehindTheEdge;
  beforeAll(async () => {
    world = await startBehindTheEdge();
  });
  afterAll(() => world?.stop());

  const handshake = (maxVersion: SecureVersion) =>
    new Promise<string>((resolve, reject) => {
      const socket = connect({
        host: '127.0.0.1',
        port: world.port,
        ca: world.authority.cert,
        minVersion: 'TLSv1',
        maxVersion,
        // Old versions need what OpenSSL no longer allows by itself; the refusal is to be the edge's.
        ciphers: 'DEFAULT@SECLEVEL=0',
      });
      socket.once('error', reject);
      socket.once('secureConnect', () => {
        resolve(socket.getProtocol() ?? '');
        socket.destroy();
      });
    });

  it(verifies('op:tls', 'speaks TLS 1.3'), async () => {
    expect(await handshake('TLSv1.3')).toBe('TLSv1.3');
    expect((await world.callWhoami()).status).toBe(200);
  });

  it.each(['TLSv1.2', 'TLSv1.1', 'TLSv1'] as const)(verifies('op:tls', 'refuses %s'), async (version) => {
    await expect(handshake(version)).rejects.toThrow(/alert protocol version/);
  });

  it(verifies('op:tls', 'serves nothing over plain HTTP, and sends nobody elsewhere'), async () => {
    const answer = await new Promise<string>((resolve, reject) => {
      const socket = connectPlain(world.port, '127.0.0.1', () =>
        socket.write(`GET /mcp HTTP/1.1\r\nHost: 127.0.0.1:${world.port}\r\nConnection: close\r\n\r\n`),
      );
      let text = '';
      socket.on('data', (chunk) => {
        text += chunk;
      });
      socket.once('error', reject).once('close', () => resolve(text));
    });
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer).not.toMatch(/^location:/im);
  });

  it.each([
    [200, '/.well-known/oauth-protected-resource/mcp', {}],
    [401, '/mcp', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' }],
    [404, '/nowhere', {}],
    [421, '/mcp', { headers: { host: 'evil.example' } }],
    [413, '/mcp', { method: 'POST', body: 'x'.repeat(1_100_000) }],
  ])(verifies('op:tls', 'says HSTS with a %d answer (RFC 6797 §7.1)'), async (status, path, request) => {
    const answer = await world.send(path, request);
    expect(answer.status).toBe(status);
    expect(answer.headers['strict-transport-security']).toBe('max-age=63072000; includeSubDomains');
  });

  const unknown = 'a'.repeat(43);
  it.each([
    ['GET', `/interaction?link=${unknown}`],
    ['POST', `/interaction?link=${unknown}`],
    ['GET', `/interaction/callback?code=c&state=${unknown}`],
    ['POST', `/interaction/answer?question=${unknown}&answer=approve`],
  ])(
    verifies('tb:consent', 'lets %s of a page of the server through, with its headers'),
    async (method, path) => {
      const { status, headers, body } = await world.send(path, { method });
      expect([status, body.includes('This link cannot be used')]).toEqual([404, true]);
      expect(headers['content-security-policy']).toContain("frame-ancestors 'none'");
      expect(headers['strict-transport-security']).toContain('max-age');
    },
  );

  it.each([
    ['PUT', '/interaction', 405],
    ['HEAD', '/interaction', 405],
    ['POST', '/interaction/callback', 405],
    ['GET', '/interaction/answer', 405],
    ['GET', '/interaction/', 404],
    ['GET', '/interaction/start', 404],
    ['POST', '/interaction/finish', 404],
    ['GET', '/interaction/callback/', 404],
    ['GET', '/interactions', 404],
  ])('keeps %s %s inside', async (method, path, status) => {
    const answer = await world.send(path, { method });
    expect([answer.status, answer.headers['content-security-policy']]).toEqual([status, undefined]);
  });

  it('takes no large body for a form', async () => {
    const body = 'x'.repeat(2000);
    expect((await world.send(`/interaction?link=${unknown}`, { method: 'POST', body })).status).toBe(413);
  });

  it.each([
    '/health',
    '/metrics',
    '/token',
    '/admin/',
    '/realms/master',
    '/realms/acme-other',
    '/',
    '/mcp/..',
  ])('keeps %s inside', async (path) => {
    expect((await world.send(path)).status).toBe(404);
  });

  describe('and what a client says of itself', () => {
    const forged = {
      'x-forwarded-host': 'evil.example',
      'x-forwarded-proto': 'http',
      'x-forwarded-port': '1',
      'x-forwarded-for': '10.0.0.1',
      'x-forwarded-prefix': '/evil',
      'x-forwarded-uri': '/evil',
      'x-original-url': '/evil',
      'x-rewrite-url': '/evil',
      'x-real-ip': '10.0.0.1',
      forwarded: 'for=10.0.0.1;host=evil.example;proto=http',
      'client-cert': ':AAAA:',
      'x-client-cert': 'forged',
      'ssl-client-cert': 'forged',
    };

    it(verifies('op:tls', 'does not change the metadata (RFC 9728 §3.3)'), async () => {
      const path = '/.well-known/oauth-protected-resource/mcp';
      const plain = await world.send(path);
      expect(JSON.parse(plain.body)).toMatchObject({
        resource: world.resource,
        authorization_servers: [`https://127.0.0.1:${world.port}/realms/acme`],
      });
      const answer = await world.send(path, { headers: forged });
      expect(answer.body).toBe(plain.body);
    });

    it(verifies('op:tls', 'does not change the challenge'), async () => {
      const { status, headers } = await world.send('/mcp', { method: 'POST', headers: forged, body: '{}' });
      expect(status).toBe(401);
      expect(headers['www-authenticate']).toContain(
        `resource_metadata="https://127.0.0.1:${world.port}/.well-known/oauth-protected-resource/mcp"`,
      );
      expect(headers['www-authenticate']).not.toContain('evil');
    });

    it(verifies('op:tls', 'does not reach the identity provider, whose issuer would follow it'), async () => {
      const answer = await world.send('/realms/acme/.well-known/openid-configuration', { headers: forged });
      expect(answer.body).toBe('inside');
      const seen = world.seenInside();
      expect(seen.host).toBe(`127.0.0.1:${world.port}`);
      expect(
        Object.entries(seen).filter(([name]) => /forward|real|cert|original|rewrite/.test(name)),
      ).toEqual([
        ['x-forwarded-for', '127.0.0.1'],
        ['x-forwarded-host', `127.0.0.1:${world.port}`],
        ['x-forwarded-proto', 'https'],
        ['x-forwarded-port', String(world.port)],
      ]);
    });

    it.each(['evil.example', 'localhost:1', '127.0.0.1', 'evil.example:443'])(
      verifies('op:tls', 'is misdirected when it names the host %s (RFC 9110 §15.5.20)'),
      async (host) => {
        expect((await world.send('/mcp', { headers: { host } })).status).toBe(421);
      },
    );
  });

  it(verifies('op:redaction', 'writes neither queries nor credentials down'), async () => {
    const secret = 'code-9d1f3c7a5b2e4806';
    await world.send(`/realms/acme/callback?code=${secret}`, { headers: { cookie: `session=${secret}` } });
    await world.callWhoami();
    await expect.poll(() => world.edge.output()).toContain('"path":"/realms/acme/callback"');
    const [, payload = '', signature = ''] = world.token.split('.');
    for (const piece of [secret, payload, signature]) expect(world.log()).not.toContain(piece.slice(0, 16));
  });
});

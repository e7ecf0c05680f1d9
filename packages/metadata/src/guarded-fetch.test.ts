import type { RequestListener } from 'node:http';
import type { LookupFunction } from 'node:net';
import { gzipSync } from 'node:zlib';
import { verifies } from '@mcp-obo/testbed/verifies';
import { afterEach, describe, expect, it } from 'vitest';
import { startServer, startTlsServer, type TestServer } from '../test/servers.ts';
import { createGuardedFetch, type GuardedFetch, type GuardedFetchOptions } from './guarded-fetch.ts';

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((part) => part.close()));
});

async function server(answer: RequestListener): Promise<TestServer> {
  const started = await startServer(answer);
  open.push(started);
  return started;
}

function fetcher(options: GuardedFetchOptions = { allowLoopbackHttp: true }): GuardedFetch {
  const fetch = createGuardedFetch(options);
  open.push(fetch);
  return fetch;
}

/** A resolver under the test's control. */
function resolving(...addresses: string[]): LookupFunction {
  return (_name, _options, callback) => {
    const found = addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
    callback(null, found);
  };
}

const ok: RequestListener = (_request, response) => {
  response.setHeader('content-type', 'application/json').end('{"ok":true}');
};

describe('which URLs are fetched', () => {
  it.each([
    'http://idp.example/',
    'http://10.0.0.1/',
    'ftp://idp.example/',
    'file:///etc/passwd',
    'data:application/json,{}',
    'https://user:secret@idp.example/',
  ])(verifies('md:ssrf', 'refuses %s before any connection'), async (url) => {
    await expect(fetcher()(url)).rejects.toMatchObject({ code: 'bad_gateway', reason: 'blocked_url' });
  });

  it(verifies('md:ssrf', 'refuses plain http to loopback unless configured'), async () => {
    const { origin, requests } = await server(ok);
    await expect(fetcher({})(origin)).rejects.toMatchObject({ reason: 'blocked_url' });
    expect(requests).toEqual([]);
    expect(await (await fetcher()(origin)).json()).toEqual({ ok: true });
  });

  it.each([
    'https://127.0.0.1:9443/',
    'https://2130706433:9443/',
    'https://0x7f.1:9443/',
    'https://[::1]:9443/',
    'https://[::ffff:7f00:1]:9443/',
    'https://169.254.169.254/latest/meta-data',
    'https://10.0.0.1/',
    'https://[fd00:ec2::254]/',
  ])(verifies('md:ssrf', 'refuses the address literal of %s'), async (url) => {
    await expect(fetcher({})(url)).rejects.toMatchObject({ code: 'bad_gateway', reason: 'blocked_address' });
  });

  it('keeps to the hosts it was given, also after a redirect', async () => {
    const target = await server(ok);
    const first = await server((_request, response) => {
      response.writeHead(302, { location: `${target.origin}/` }).end();
    });
    const fetch = fetcher({ allowLoopbackHttp: true, allowHosts: [`127.0.0.1:${first.port}`] });
    await expect(fetch(target.origin)).rejects.toMatchObject({ reason: 'blocked_url' });
    await expect(fetch(first.origin)).rejects.toMatchObject({ reason: 'blocked_url' });
    expect(target.requests).toEqual([]);
  });
});

describe('which addresses are connected to', () => {
  it.each([
    ['private', ['10.0.0.1']],
    ['loopback', ['127.0.0.1']],
    ['cloud metadata', ['169.254.169.254']],
    ['one private among public ones', ['93.184.216.34', '10.0.0.1']],
    ['none', []],
  ])(verifies('md:ssrf', 'refuses a name that resolves to %s'), async (_name, addresses) => {
    const fetch = fetcher({ lookup: resolving(...addresses) });
    await expect(fetch('https://rebind.example:9443/')).rejects.toMatchObject({ reason: 'blocked_address' });
  });

  it(
    verifies(
      'md:ssrf',
      'judges the address of the connection itself, so that a rebinding name gains nothing',
    ),
    async () => {
      const tls = await startTlsServer(['rebind.example'], ok);
      open.push(tls);
      let resolutions = 0;
      const lookup: LookupFunction = (name, options, callback) => {
        resolutions += 1;
        resolving(resolutions === 1 ? '127.0.0.1' : '93.184.216.34')(name, options, callback);
      };
      const url = `https://rebind.example:${tls.port}/`;
      await expect(fetcher({ lookup, tls: { ca: tls.ca } })(url)).rejects.toMatchObject({
        reason: 'blocked_address',
      });
      expect(resolutions).toBe(1);
      expect(tls.requests).toEqual([]);

      const opened = fetcher({
        lookup: resolving('127.0.0.1'),
        tls: { ca: tls.ca },
        allowPrivate: ['rebind.example'],
      });
      expect(await (await opened(url)).json()).toEqual({ ok: true });
    },
  );

  it('refuses a TLS certificate that is not trusted', async () => {
    const tls = await startTlsServer(['idp.internal'], ok);
    open.push(tls);
    const fetch = fetcher({ lookup: resolving('127.0.0.1'), allowPrivate: ['idp.internal'] });
    await expect(fetch(`https://idp.internal:${tls.port}/`)).rejects.toMatchObject({
      code: 'temporarily_unavailable',
      reason: 'unreachable',
    });
    expect(tls.requests).toEqual([]);
  });

  it('does not let localhost mean another machine', async () => {
    const fetch = fetcher({ allowLoopbackHttp: true, lookup: resolving('10.0.0.1') });
    await expect(fetch('http://localhost:9443/')).rejects.toMatchObject({ reason: 'blocked_address' });
  });
});

describe('how much is read', () => {
  const big = Buffer.alloc(64 * 1024, 'a');

  it.each<[string, RequestListener]>([
    ['announced', (_request, response) => response.end(big)],
    [
      'in chunks',
      (_request, response) => {
        response.write(big.subarray(0, 8));
        response.end(big);
      },
    ],
    [
      'after decompression',
      (_request, response) => response.setHeader('content-encoding', 'gzip').end(gzipSync(big)),
    ],
  ])(verifies('md:ssrf', 'stops at the bound: %s'), async (_name, answer) => {
    const { origin } = await server(answer);
    const fetch = fetcher({ allowLoopbackHttp: true, maxBytes: 1024 });
    await expect(fetch(origin)).rejects.toMatchObject({ code: 'bad_gateway', reason: 'response_too_large' });
  });

  it('hands on status, headers and the decompressed body up to the bound', async () => {
    const { origin } = await server(({ headers }, response) => {
      expect(headers['accept-encoding']).toBeUndefined();
      response.writeHead(404, { 'content-encoding': 'gzip', etag: '"1"' }).end(gzipSync(big));
    });
    const response = await fetcher({ allowLoopbackHttp: true, maxBytes: big.length })(`${origin}/a`);
    expect(response.status).toBe(404);
    expect(response.url).toBe(`${origin}/a`);
    expect(response.headers.get('etag')).toBe('"1"');
    expect(response.headers.get('content-encoding')).toBeNull();
    expect((await response.bytes()).byteLength).toBe(big.length);
  });

  it('hands on an answer without a body', async () => {
    const { origin } = await server((_request, response) => response.writeHead(304).end());
    expect((await fetcher()(origin)).status).toBe(304);
  });
});

describe('how long it waits', () => {
  it.each<[string, RequestListener]>([
    ['no answer', () => undefined],
    ['no body', (_request, response) => response.writeHead(200).flushHeaders()],
    [
      'a slow drip',
      (request, response) => {
        const drip = setInterval(() => response.write(' '), 20);
        request.on('close', () => clearInterval(drip));
      },
    ],
  ])(verifies('md:ssrf', 'gives up at the deadline: %s'), async (_name, answer) => {
    const { origin } = await server(answer);
    const fetch = fetcher({ allowLoopbackHttp: true, timeoutMs: 150 });
    await expect(fetch(origin)).rejects.toMatchObject({ code: 'temporarily_unavailable', reason: 'timeout' });
  });

  it("obeys the caller's signal and says the caller's reason", async () => {
    const { origin } = await server(() => undefined);
    const reason = new Error('caller left');
    await expect(fetcher()(origin, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });

  it('does not wait for a connection when the caller has left', async () => {
    const resolved = Promise.withResolvers<void>();
    const lookup: LookupFunction = () => resolved.resolve();
    const left = new AbortController();
    const answer = fetcher({ lookup })('https://idp.example/', { signal: left.signal });
    await resolved.promise;
    left.abort(new Error('caller left'));
    await expect(answer).rejects.toThrow('caller left');
  });

  it('calls a closed port unreachable', async () => {
    const gone = await startServer(ok);
    await gone.close();
    await expect(fetcher()(gone.origin)).rejects.toMatchObject({
      code: 'temporarily_unavailable',
      reason: 'unreachable',
    });
  });

  it('calls a failed resolution unreachable', async () => {
    const lookup: LookupFunction = (_name, _options, callback) => callback(new Error('ENOTFOUND'), []);
    await expect(fetcher({ lookup })('https://idp.example/')).rejects.toMatchObject({
      reason: 'unreachable',
    });
  });
});

describe('redirects', () => {
  const chain: RequestListener = (request, response) => {
    const left = Number(request.url?.slice(1));
    if (left === 0) return ok(request, response);
    response.writeHead(302, { location: `/${left - 1}` }).end();
  };

  it(verifies('md:ssrf', 'are followed up to the bound'), async () => {
    const { origin } = await server(chain);
    const response = await fetcher()(`${origin}/2`);
    expect(response.url).toBe(`${origin}/0`);
    await expect(fetcher()(`${origin}/3`)).rejects.toMatchObject({ reason: 'too_many_redirects' });
  });

  it.each(['http://idp.example/', 'https://169.254.169.254/', 'file:///etc/passwd'])(
    verifies('md:ssrf', 'are judged like a first request: to %s'),
    async (location) => {
      const { origin } = await server((_request, response) => {
        response.writeHead(302, { location }).end();
      });
      await expect(fetcher()(origin)).rejects.toMatchObject({ reason: expect.stringMatching('blocked_') });
    },
  );

  it('are left to the caller on request', async () => {
    const { origin } = await server(chain);
    const response = await fetcher()(`${origin}/1`, { redirect: 'manual' });
    expect(response.status).toBe(302);
    expect(response.headers.get('location')).toBe('/0');
  });

  it('never repeat a request that has a body, since it holds a credential (RFC 9700 §4.12)', async () => {
    const { origin, requests } = await server((_request, response) => {
      response.writeHead(307, { location: '/other' }).end();
    });
    const response = await fetcher()(origin, { method: 'POST', body: 'token=secret' });
    expect(response.status).toBe(307);
    expect(requests).toEqual(['POST /']);
  });

  it('leave the Authorization header behind when the origin changes', async () => {
    const seen: (string | undefined)[] = [];
    const target = await server((request, response) => {
      seen.push(request.headers.authorization);
      ok(request, response);
    });
    const first = await server((_request, response) => {
      response.writeHead(302, { location: `${target.origin}/` }).end();
    });
    const init = { headers: { authorization: 'Bearer secret' } };
    await fetcher()(first.origin, init);
    await fetcher()(target.origin, init);
    expect(seen).toEqual([undefined, 'Bearer secret']);
  });
});

import { verifies } from '@mcp-obo/testbed/verifies';
import { afterEach, describe, expect, it } from 'vitest';
import { createLoopbackReceiver, type OpenReceiver } from './redirect-receiver.ts';

let open: OpenReceiver | undefined;
afterEach(async () => {
  await open?.close();
});

async function receiver(): Promise<OpenReceiver> {
  open = await createLoopbackReceiver().listen('http://127.0.0.1:0/callback');
  return open;
}

const never = new AbortController().signal;

describe('the loopback receiver', () => {
  it('hands the URL on that carries the state, and tells the user to go back', async () => {
    const { redirectUri, redirected } = await receiver();
    const arrival = redirected('s1', never);
    const page = await fetch(`${redirectUri}?code=c&state=s1`);
    expect(page.status).toBe(200);
    expect(await page.text()).toContain('close this window');
    expect((await arrival).searchParams.get('code')).toBe('c');
  });

  it('keeps the code out of caches and referrers, and its page loads nothing', async () => {
    const { redirectUri, redirected } = await receiver();
    redirected('s1', never);
    const { headers } = await fetch(`${redirectUri}?code=c&state=s1`);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(headers.get('content-security-policy')).toBe("default-src 'none'");
  });

  it.each([
    ['another state', 'GET', '/callback?code=c&state=s2', 400],
    ['no state', 'GET', '/callback?code=c', 400],
    ['another path', 'GET', '/other?code=c&state=s1', 404],
    ['a longer path', 'GET', '/callback/x?code=c&state=s1', 404],
    ['another method', 'POST', '/callback?code=c&state=s1', 405],
  ])(verifies('cl:pkce', 'goes on waiting after a request with %s'), async (_name, method, path, status) => {
    const { redirectUri, redirected } = await receiver();
    let arrived = false;
    const arrival = redirected('s1', never).then(() => {
      arrived = true;
    });
    expect((await fetch(new URL(path, redirectUri), { method })).status).toBe(status);
    expect(arrived).toBe(false);
    await fetch(`${redirectUri}?code=c&state=s1`);
    await arrival;
  });

  it('takes a state once', async () => {
    const { redirectUri, redirected } = await receiver();
    redirected('s1', never);
    await fetch(`${redirectUri}?code=c&state=s1`);
    expect((await fetch(`${redirectUri}?code=d&state=s1`)).status).toBe(400);
  });

  it.each(['https://127.0.0.1:0/cb', 'http://example.com:0/cb', 'http://127.0.0.1.example.com:0/cb'])(
    verifies('cl:pkce', 'does not listen for %s'),
    async (redirectUri) => {
      await expect(createLoopbackReceiver().listen(redirectUri)).rejects.toThrow('redirectUri must be');
    },
  );

  it('says in a sentence that its port is taken', async () => {
    const { redirectUri } = await receiver();
    await expect(createLoopbackReceiver().listen(redirectUri)).rejects.toMatchObject({
      reason: 'redirect_port',
    });
  });
});

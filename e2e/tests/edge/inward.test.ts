import { createAuthority } from '@mcp-obo/compose';
import { verifies } from '@mcp-obo/testbed/verifies';
import { afterEach, describe, expect, it } from 'vitest';
import { type BehindTheEdge, startBehindTheEdge, whoami } from './fixture/behind-the-edge.ts';
import { send } from './fixture/https.ts';
import { nginxAvailable } from './fixture/nginx.ts';

const withoutNginx = !nginxAvailable() && process.env.CI !== 'true';

describe.skipIf(withoutNginx)('inward with certificates of both sides', () => {
  let world: BehindTheEdge | undefined;
  afterEach(() => world?.stop());

  it(verifies('op:tls', 'lets calls through the edge, and nobody past it'), async () => {
    world = await startBehindTheEdge({});
    expect((await world.callWhoami()).status).toBe(200);

    const inside = `https://127.0.0.1:${world.inwardPort}/mcp`;
    const call = whoami(world.token, { headers: { host: `127.0.0.1:${world.port}` } });
    const { cert: ca } = world.authority;
    await expect(send(inside, { ...call, ca })).rejects.toThrow(/certificate required|ECONNRESET|hang up/);
    const stranger = await (await createAuthority({ now: Date.now })).issue(['edge']);
    await expect(send(inside, { ...call, ca, ...stranger })).rejects.toThrow(/unknown ca|ECONNRESET|hang up/);
    const friend = await world.authority.issue(['edge']);
    expect((await send(inside, { ...call, ca, ...friend })).status).toBe(200);
  });

  it(verifies('op:tls', 'does not let an edge in whose certificate somebody else signed'), async () => {
    world = await startBehindTheEdge({ edgeSignedBy: await createAuthority({ now: Date.now }) });
    expect((await world.callWhoami()).status).toBe(502);
  });
});

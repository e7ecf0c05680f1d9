import { X509Certificate } from 'node:crypto';
import { connect } from 'node:tls';
import { verifies } from '@mcp-obo/testbed/verifies';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BehindTheEdge, startBehindTheEdge } from './fixture/behind-the-edge.ts';
import { nginxAvailable } from './fixture/nginx.ts';

const withoutNginx = !nginxAvailable() && process.env.CI !== 'true';

describe.skipIf(withoutNginx)('a new certificate of the edge', () => {
  let world: BehindTheEdge;
  beforeAll(async () => {
    world = await startBehindTheEdge();
  });
  afterAll(() => world?.stop());

  const serial = () =>
    new Promise<string>((resolve, reject) => {
      const socket = connect({ host: '127.0.0.1', port: world.port, ca: world.authority.cert }, () => {
        resolve(socket.getPeerCertificate().serialNumber);
        socket.destroy();
      }).once('error', reject);
    });
  /** Gives the serial number of the new one. Old workers may take a last connection while new ones begin. */
  const replace = async () => {
    const issued = await world.authority.issue(['127.0.0.1']);
    const { serialNumber } = new X509Certificate(issued.cert);
    world.edge.replaceCertificate(issued);
    await expect.poll(serial, { timeout: 10_000, interval: 20 }).toBe(serialNumber);
    return serialNumber;
  };

  it(verifies('op:tls', 'is taken while calls run, and none is dropped'), async () => {
    let running = true;
    const statuses: (number | string)[] = [];
    const stream = async () => {
      while (running) {
        const answer = await world.callWhoami().catch((error: Error) => error);
        statuses.push(answer instanceof Error ? answer.message : answer.status);
      }
    };
    const streams = Array.from({ length: 4 }, stream);
    for (let round = 0; round < 3; round += 1) {
      const calls = statuses.length;
      await replace();
      await expect.poll(() => statuses.length, { timeout: 10_000 }).toBeGreaterThan(calls + 20);
    }
    running = false;
    await Promise.all(streams);
    expect(new Set(statuses)).toEqual(new Set([200]));
  });

  it(verifies('op:tls', 'leaves a call that has begun alone'), async () => {
    const halfway = async () => void (await replace());
    const answer = await world.callWhoami({ halfway });
    expect(answer.status).toBe(200);
  });

  it(verifies('op:tls', 'that cannot be read changes nothing'), async () => {
    const before = await replace();
    world.edge.replaceCertificate({ key: 'no key', cert: 'no certificate' });
    await expect
      .poll(() => world.edge.output(), { timeout: 10_000 })
      .toMatch(/\[emerg\].*cannot load certificate/);
    expect(await serial()).toBe(before);
    expect((await world.callWhoami()).status).toBe(200);
  });
});

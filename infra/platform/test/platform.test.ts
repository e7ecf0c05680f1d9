import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { healthUrl, partNames } from '../src/addresses.ts';
import { type Platform, startPlatform } from '../src/platform.ts';
import { freeBase } from './free-base.ts';
import { processesWith } from './processes.ts';

describe('startPlatform', { timeout: 60_000 }, () => {
  let platform: Platform;
  beforeAll(async () => {
    platform = await startPlatform({ basePort: await freeBase() });
  }, 60_000);
  afterAll(() => platform?.stop());

  it('runs each part as a process of its own that answers', async () => {
    expect(new Set([process.pid, ...Object.values(platform.pids)]).size).toBe(partNames.length + 1);
    for (const part of partNames) {
      expect([part, (await fetch(healthUrl(platform.ports, part))).status]).toEqual([part, 200]);
    }
  });

  it('puts the MCP server behind OAuth at the URL it was given', async () => {
    const response = await fetch(platform.urls.mcp, { method: 'POST' });
    expect(response.status).toBe(401);
    const metadata = /resource_metadata="([^"]+)"/.exec(response.headers.get('www-authenticate') ?? '')?.[1];
    expect(await (await fetch(metadata ?? '')).json()).toMatchObject({
      resource: platform.urls.mcp,
      authorization_servers: expect.arrayContaining([platform.urls.issuer]),
    });
  });

  it('keeps its files to this user', () => {
    const modes = readdirSync(platform.runDir, { recursive: true, withFileTypes: true }).map((entry) => [
      entry.isDirectory(),
      statSync(join(entry.parentPath, entry.name)).mode & 0o077,
    ]);
    expect(statSync(platform.runDir).mode & 0o777).toBe(0o700);
    expect(modes.length).toBeGreaterThan(10);
    for (const [, others] of modes) expect(others).toBe(0);
  });

  it('tells in the log of each part that it listens', () => {
    for (const part of partNames) {
      expect(readFileSync(platform.logFile(part), 'utf8')).toContain('"msg":"listening"');
    }
  });

  it('says in one sentence which ports are taken and how to move', async () => {
    await expect(startPlatform({ ports: platform.ports })).rejects.toThrow(
      new RegExp(`port .*${platform.ports.broker} \\(broker\\).*--ports 4100`),
    );
    const base = await freeBase();
    const squatter = createServer().listen(base + 1, '127.0.0.1');
    try {
      await expect(startPlatform({ basePort: base })).rejects.toThrow(
        `In use on 127.0.0.1: port ${base + 1} (broker). Stop what listens there, or move all ports, e.g. with --ports 4100.`,
      );
    } finally {
      squatter.close();
    }
  });

  it('leaves neither process nor file behind', async () => {
    await platform.stop();
    await platform.stop();
    expect(processesWith(platform.runDir)).toEqual([]);
    expect(existsSync(platform.runDir)).toBe(false);
  });
});

describe('startPlatform, when a part goes wrong', { timeout: 60_000 }, () => {
  it('names the part and ends the others when one cannot start', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'platform-'));
    vi.stubEnv('TMPDIR', dir);
    try {
      await expect(startPlatform({ basePort: await freeBase(), logLevel: 'loud' })).rejects.toThrow(
        /^[a-z-]+ ended with exit code 2\.\n[\s\S]*log_level/,
      );
      expect(processesWith(dir)).toEqual([]);
      expect(readdirSync(dir)).toEqual([]);
    } finally {
      vi.unstubAllEnvs();
      rmSync(dir, { recursive: true });
    }
  });

  it('tells when a part ends later', async () => {
    const platform = await startPlatform({ basePort: await freeBase() });
    process.kill(platform.pids.broker, 'SIGKILL');
    expect(await platform.failed).toBe('broker ended with SIGKILL.');
    await platform.stop();
    expect(processesWith(platform.runDir)).toEqual([]);
  });
});

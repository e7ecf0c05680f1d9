import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { freePorts } from '../src/ports.ts';
import { redisAvailable, startRedis } from '../src/redis.ts';

describe('startRedis', () => {
  it.runIf(redisAvailable())(
    'starts a server that evicts nothing and ends without leaving a process',
    async () => {
      const redis = await startRedis();
      expect(await ask(redis.port, 'CONFIG GET maxmemory-policy')).toContain('noeviction');
      await redis.stop();
      await redis.stop();
      expect(() => process.kill(redis.pid, 0)).toThrow();
    },
  );

  it.runIf(redisAvailable())('says why a server cannot start', async () => {
    await expect(startRedis({ args: ['--no-such-option', 'x'] })).rejects.toThrow(/redis-server ended/);
  });
});

describe('freePorts', () => {
  it('gives different ports', async () => {
    expect(new Set(await freePorts(5)).size).toBe(5);
  });
});

function ask(port: number, command: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(`${command}\r\n`));
    let answer = '';
    socket.on('data', (chunk) => {
      answer += chunk;
      if (answer.split('\r\n').length > 4) socket.end();
    });
    socket.on('close', () => resolve(answer));
    socket.on('error', reject);
  });
}

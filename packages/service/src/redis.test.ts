import type { RedisSettings } from '@mcp-obo/redis-connection';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { followRedis } from './redis.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

interface Config {
  readonly limits?: RedisSettings;
  readonly revocations?: RedisSettings;
}

/** Two connections of a process whose configuration can be changed, and what it was told. */
function setUp(first: Config) {
  const config: { now: Config | Error } = { now: first };
  const told: unknown[] = [];
  const stop = followRedis<Config>({
    read() {
      if (config.now instanceof Error) throw config.now;
      return config.now;
    },
    connections: [
      { settings: ({ limits }) => limits, renew: ({ password }) => told.push(['limits', password]) },
      {
        settings: ({ revocations }) => revocations,
        renew: ({ password }) => told.push(['revocations', password]),
      },
    ],
    onReload: () => told.push('reload'),
    onFault: (error) => told.push(String(error)),
    everyMs: 1000,
  });
  const later = () => vi.advanceTimersByTime(1000);
  return { config, told, stop, later };
}

const url = 'redis://redis.internal';

describe('the password of a Redis', () => {
  it('is taken over by every connection when it has changed, and only then', () => {
    const { config, told, later } = setUp({ revocations: { url, password: 'one' } });
    later();
    expect(told).toEqual([]);
    config.now = { limits: { url, password: 'three' }, revocations: { url, password: 'two' } };
    later();
    later();
    expect(told).toEqual([['limits', 'three'], ['revocations', 'two'], 'reload']);
  });

  it('stays what it was while it cannot be read, which is told once', () => {
    const { config, told, later } = setUp({ revocations: { url, password: 'one' } });
    config.now = new Error('no file');
    later();
    later();
    expect(told).toEqual(['Error: no file']);
    config.now = { revocations: { url, password: 'two' } };
    later();
    expect(told.slice(1)).toEqual([['revocations', 'two'], 'reload']);
  });

  it('is not looked at any more once that is ended', () => {
    const { config, told, later, stop } = setUp({ revocations: { url, password: 'one' } });
    stop();
    config.now = { revocations: { url, password: 'two' } };
    later();
    expect(told).toEqual([]);
  });
});

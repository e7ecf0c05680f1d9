import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { checkRedis, hasRedis, type RedisSettings, redisMembers } from './redis-settings.ts';

const section = z.strictObject(redisMembers(z.string().min(1)));
const checked = z.custom<RedisSettings>().superRefine(checkRedis);
/** Where settings that are well formed do not fit together. */
const problems = (settings: object) =>
  checked.safeParse(settings).error?.issues.map(({ path }) => path[0]) ?? [];

describe('settings of a Redis', () => {
  it.each([
    'redis://127.0.0.1',
    'redis://redis.internal:6379',
    'rediss://redis.internal:6379/2',
    'redis://user:secret@redis.internal/0',
    'redis://[::1]:6379',
  ])('may be the URL %s', (url) => {
    expect(section.safeParse({ url }).success).toBe(true);
  });

  it.each([
    'redis.internal:6379',
    'http://redis.internal',
    'redis://',
    'redis://h/zero',
    'redis://h?db=1',
    '',
  ])('may not be the URL "%s"', (url) => {
    expect(section.safeParse({ url }).success).toBe(false);
  });

  it('name nodes by host and port, IPv6 in brackets, and the port Redis has when none is told', () => {
    const { cluster, sentinel } = section.parse({
      cluster: { nodes: ['10.0.0.1:7000', '[::1]:7001', 'redis.internal'] },
      sentinel: { name: 'tokens', nodes: ['10.0.0.2:26379'] },
    });
    expect(cluster?.nodes).toEqual([
      { host: '10.0.0.1', port: 7000 },
      { host: '::1', port: 7001 },
      { host: 'redis.internal', port: 6379 },
    ]);
    expect(sentinel).toEqual({ name: 'tokens', nodes: [{ host: '10.0.0.2', port: 26_379 }], tls: true });
  });

  it.each(['', 'redis://a:1', 'user@a:1', 'a:b', 'a:1/0', 'a:70000'])('do not name a node "%s"', (node) => {
    expect(section.safeParse({ cluster: { nodes: [node] } }).success).toBe(false);
  });

  const nodes = [{ host: 'a', port: 1 }];
  const sentinel = { name: 'tokens', nodes, tls: true };
  const url = 'redis://a';

  it.each([
    ['a server', { url }],
    ['a server with a user', { url, username: 'u', password: 'p' }],
    ['a server with a user in its URL', { url: 'redis://u:p@a' }],
    ['a server by TLS', { url: 'rediss://a', tls: { ca: 'pem', cert: 'pem', key: 'pem' } }],
    ['Sentinels by TLS', { sentinel, tls: {} }],
    ['a Cluster', { cluster: { nodes }, password: 'p' }],
    ['no Redis', {}],
  ])('fit together: %s', (_what, settings) => {
    expect(problems(settings)).toEqual([]);
    expect(hasRedis(settings)).toBe(_what !== 'no Redis');
  });

  it.each([
    ['a server and a Cluster', { url, cluster: { nodes } }, 'cluster'],
    ['Sentinels and a Cluster', { sentinel, cluster: { nodes } }, 'cluster'],
    ['a user and no server', { username: 'u', password: 'p' }, 'username'],
    ['a password and no server', { password: 'p' }, 'password'],
    ['certificates and no server', { tls: {} }, 'tls'],
    ['certificates for a server without TLS', { url, tls: {} }, 'tls'],
    ['a user without a password', { url, username: 'u' }, 'password'],
    ['a password twice', { url: 'redis://:p@a', password: 'q' }, 'url'],
    ['a certificate without its key', { url: 'rediss://a', tls: { cert: 'pem' } }, 'tls'],
  ])('do not fit together: %s', (_what, settings, at) => {
    expect(problems(settings)).toContain(at);
  });
});

import type { Mutant } from '../mutant.ts';

const exchange = 'packages/exchange/src';

/** Rules about how often an identity provider is asked (tb). */
export const askingOnce: readonly Mutant[] = [
  {
    name: 'everybody-fills',
    breaks: ['tb:single-flight'],
    file: `${exchange}/memory/memory-cache.ts`,
    find: 'if (running === undefined) return hold(key, options);',
    replace: "if (key !== '') return hold(key, options);",
  },
  {
    name: 'late-holder-writes',
    breaks: ['tb:single-flight'],
    file: `${exchange}/redis/scripts.ts`,
    find: "if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end\n    redis.call('SET', KEYS[1]",
    replace: "redis.call('SET', KEYS[1]",
  },
  {
    name: 'lease-not-renewed',
    breaks: ['tb:single-flight'],
    file: `${exchange}/redis/claim.ts`,
    find: 'const stop = renew(keys, fence);',
    replace: 'const stop = () => {};',
  },
  {
    name: 'faults-remembered',
    breaks: ['tb:negative'],
    file: `${exchange}/errors/refusal.ts`,
    find: "  'loop',\n]",
    replace: "  'loop',\n  'fault',\n]",
  },
];

/** One contender of one measurement. */
interface Place {
  readonly measurement: string;
  readonly contender: string;
}

/** A ratio of CPU times that is wanted: one contender's by another's, in one run. */
export interface RatioGoal {
  readonly of: Place;
  readonly by: Place;
  /** What it says, as in the table. */
  readonly label: string;
  readonly goal?: { readonly atMost: number } | { readonly atLeast: number };
}

const at = (measurement: string, contender: string): Place => ({ measurement, contender });
const inBroker = (contender: string) => at('broker', contender);

/** The ratios of the short result, by name, in its order. */
export const ratioGoals = {
  memoryHitVsFastify: {
    of: inBroker('memory'),
    by: inBroker('floor'),
    label: 'hit in memory, no span recorded, by a Fastify that parses the form',
    goal: { atMost: 1.2 },
  },
  redisHitVsMemoryHit: {
    of: inBroker('redis'),
    by: inBroker('memory'),
    label: 'hit in Redis by hit in memory',
    goal: { atMost: 1.5 },
  },
  missVsMemoryHit: {
    of: inBroker('miss'),
    by: inBroker('memory'),
    label: 'miss, the identity provider answers at once, by hit in memory',
    goal: { atMost: 3 },
  },
  hit1MVs1k: {
    of: at('cache-size', '1000000'),
    by: at('cache-size', '1000'),
    label: 'hit among 1,000,000 entries by hit among 1,000, in process',
    goal: { atMost: 1.2 },
  },
  msalVsUs1User: {
    of: at('on-behalf-of-1', 'msal'),
    by: at('on-behalf-of-1', 'ours'),
    label: 'msal-node by ours, 1 user',
    goal: { atLeast: 3 },
  },
  msalVsUs5000Users: {
    of: at('on-behalf-of-5000', 'msal'),
    by: at('on-behalf-of-5000', 'ours'),
    label: 'msal-node by ours, 5,000 users',
    goal: { atLeast: 100 },
  },
  authCallVsNoAuth: {
    of: at('tool-call', 'guarded'),
    by: at('tool-call', 'open'),
    label: 'tool call with authorization by one without',
  },
  introspectVsFastify: {
    of: inBroker('introspect'),
    by: inBroker('floor'),
    label: 'introspection by a Fastify that parses the form',
    goal: { atMost: 2 },
  },
  tracedHitVsFastify: {
    of: inBroker('traced'),
    by: inBroker('floor'),
    label: 'hit in memory with a collector, by a Fastify that parses the form',
    goal: { atMost: 1.27 },
  },
} as const satisfies Record<string, RatioGoal>;

/** Contenders whose CPU time is in the short result, by the name it has there. */
export const cpuNames = {
  fastify: inBroker('floor'),
  memoryHit: inBroker('memory'),
  tracedHit: inBroker('traced'),
  redisHit: inBroker('redis'),
  miss: inBroker('miss'),
  introspect: inBroker('introspect'),
  hit1k: at('cache-size', '1000'),
  hit1M: at('cache-size', '1000000'),
  msal1User: at('on-behalf-of-1', 'msal'),
  us1User: at('on-behalf-of-1', 'ours'),
  msal5000Users: at('on-behalf-of-5000', 'msal'),
  us5000Users: at('on-behalf-of-5000', 'ours'),
  noAuthCall: at('tool-call', 'open'),
  authCall: at('tool-call', 'guarded'),
} as const satisfies Record<string, Place>;

/** Goals for what is counted. */
export const countGoals = {
  bytesPerEntry: { atMost: 2048, label: 'bytes of memory an entry takes above its token' },
  stallSlowdown: { atMost: 0.05, label: 'slowdown of others while keys of one issuer stall, as a part' },
  coldHerd2Replicas: { atMost: 1, label: 'exchanges for 1,000 identical cold requests over 2 replicas' },
  refusals200: { atMost: 2, label: 'exchanges for 200 identical refusals' },
  unknownKids200: { atMost: 1, label: 'key fetches for 200 tokens of unknown keys' },
} as const;

/** Which requests leave spans in the two hits of the short result. */
export const sampling = {
  memoryHit: 'no receiver is set, as by default: no span is recorded',
  tracedHit: 'a receiver is set, the sampler is the default one',
} as const;

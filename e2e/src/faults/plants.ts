/** One change of a source file that makes brokers wrong, to prove that the suite notices. */
export interface Plant {
  /** From the top of the workspace. */
  readonly file: string;
  readonly from: string;
  readonly to: string;
  /** What the broker then does. */
  readonly makes: string;
}

export const plants = {
  'key-swap': {
    file: 'packages/exchange/src/cache-key.ts',
    from: 'input.subjectHash ?? null',
    to: 'null',
    makes: 'the cache key forgets whose token was exchanged',
  },
  'skip-revocation': {
    file: 'packages/revocation/src/redis/redis-list.ts',
    from: 'isRevoked: known.covers',
    to: 'isRevoked: () => false',
    makes: 'what was revoked is exchanged and served all the same',
  },
} as const satisfies Readonly<Record<string, Plant>>;

export type PlantName = keyof typeof plants;

/** Name of the variable by which a process is told its plant. */
export const plantVariable = 'MCP_OBO_PLANT';

export function isPlant(name: string): name is PlantName {
  return Object.hasOwn(plants, name);
}

import { Redis } from 'ioredis';
import type { Source } from './scan.ts';

/** How each type of value is read, member by member: in the clear, where a dump would be compressed. */
const commands: Readonly<Record<string, readonly [command: string, ...args: string[]]>> = {
  string: ['GET'],
  hash: ['HGETALL'],
  list: ['LRANGE', '0', '-1'],
  set: ['SMEMBERS'],
  zset: ['ZRANGE', '0', '-1', 'WITHSCORES'],
  stream: ['XRANGE', '-', '+'],
};

/** Every key with its value. Throws for a type of value that is not known, so that none is passed over. */
export async function readRedis(url: string): Promise<readonly Source[]> {
  const redis = new Redis(url);
  try {
    const keys = await redis.keysBuffer('*');
    const read = await Promise.all(
      keys.map(async (key): Promise<Source | undefined> => {
        const type = await redis.type(key);
        // Its time came between the two questions.
        if (type === 'none') return undefined;
        const [command, ...args] = commands[type] ?? [];
        if (command === undefined) throw new Error(`Redis holds a value of type ${type}.`);
        const value = await redis.callBuffer(command, key, ...args);
        const text = [key, ...bytesIn(value)].map((bytes) => bytes.toString('latin1'));
        return { place: `Redis ${type}`, text: text.join(' ') };
      }),
    );
    return read.filter((source) => source !== undefined);
  } finally {
    redis.disconnect();
  }
}

function bytesIn(value: unknown): readonly Buffer[] {
  if (Array.isArray(value)) return value.flatMap(bytesIn);
  return Buffer.isBuffer(value) ? [value] : [Buffer.from(String(value ?? ''))];
}

import type { Cluster, Redis } from 'ioredis';

/** Milliseconds between two questions. */
const interval = 250;

/** Questions without an answer after which a connection is given up. */
const patience = 3;

/**
 * Asks every connection again and again for an answer that can only be its own. Where a reply was lost on the way,
 * each command is handed the reply of another from then on; such a connection, and one that answers nothing in
 * time, is closed and opened anew.
 */
export function keepInStep(redis: Redis | Cluster): void {
  if (!redis.isCluster) {
    follow(redis as Redis);
    return;
  }
  for (const node of (redis as Cluster).nodes()) follow(node);
  redis.on('+node', follow);
}

function follow(connection: Redis): void {
  let asked = 0;
  let missed = 0;
  const ask = async () => {
    if (connection.status !== 'ready') return;
    asked += 1;
    const word = `step ${asked}`;
    const heard = await connection.ping(word).catch(() => undefined);
    missed = heard === undefined ? missed + 1 : 0;
    if (heard === word || (heard === undefined && missed < patience)) return;
    missed = 0;
    connection.disconnect(true);
  };
  const timer = setInterval(ask, interval);
  timer.unref();
  connection.once('end', () => clearInterval(timer));
}

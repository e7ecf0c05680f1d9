import type { Measurement } from './measurement.ts';
import { broker } from './measurements/broker.ts';
import { cacheSize } from './measurements/cache-size.ts';
import { replicas, scopes, users } from './measurements/dimensions.ts';
import { onBehalfOfMany, onBehalfOfOne } from './measurements/on-behalf-of.ts';
import { toolCall } from './measurements/tool-call.ts';
import { validationCold, validationWarm } from './measurements/validation.ts';

/** Everything that is measured, in the order of the table. */
export const measurements: readonly Measurement[] = [
  validationCold,
  validationWarm,
  toolCall,
  broker,
  users,
  scopes,
  replicas,
  cacheSize,
  onBehalfOfOne,
  onBehalfOfMany,
];

/** Measurements that no goal is about; a quick run leaves them out unless they are asked for. */
export const notInQuick: ReadonlySet<string> = new Set(
  [validationCold, validationWarm, users, scopes, replicas].map(({ id }) => id),
);

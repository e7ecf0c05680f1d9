import type { Measurement } from './measurement.ts';
import { broker } from './measurements/broker.ts';
import { onBehalfOfMany, onBehalfOfOne } from './measurements/on-behalf-of.ts';
import { toolCall } from './measurements/tool-call.ts';
import { validationCold, validationWarm } from './measurements/validation.ts';

/** Everything that is measured, in the order of the table. */
export const measurements: readonly Measurement[] = [
  validationCold,
  validationWarm,
  toolCall,
  broker,
  onBehalfOfOne,
  onBehalfOfMany,
];

import type { Measurement } from './measurement.ts';
import { toolCall } from './measurements/tool-call.ts';
import { validationCold, validationWarm } from './measurements/validation.ts';

/** Everything that is measured, in the order of the table. */
export const measurements: readonly Measurement[] = [validationCold, validationWarm, toolCall];

import type { Step } from './step.ts';
import { arrival } from './steps/arrival.ts';
import { isolation } from './steps/isolation.ts';
import { onBehalf } from './steps/on-behalf.ts';

/** The main job from end to end, in the order a newcomer should see it. */
export const story: readonly Step[] = [...arrival, ...onBehalf, ...isolation];

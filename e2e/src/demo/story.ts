import type { Step } from './step.ts';
import { arrival } from './steps/arrival.ts';
import { isolation } from './steps/isolation.ts';
import { onBehalf } from './steps/on-behalf.ts';

/** The main job from end to end, in the order a newcomer should see it, on both protocol eras. */
export const story: readonly Step[] = [
  ...arrival,
  ...onBehalf,
  ...isolation,
  ...onBehalf.map(onOlderClients),
];

/** The same step with a client of SDK 1.x, which speaks the 2025 revisions. */
function onOlderClients({ name, title, hop, play }: Step): Step {
  return {
    name: `${name}-2025`,
    title: `On MCP 2025-11-25: ${title}`,
    hop,
    play: (stage) => play({ ...stage, person: stage.onOlderClient }),
  };
}

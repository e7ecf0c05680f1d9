import type { Grant } from '@mcp-obo/grant';
import {
  createDecider,
  type DeciderOptions,
  type DecisionContext,
  type OperationKind,
} from '../src/index.ts';
import { catalogue, now, rolePolicy } from './fixture.ts';

export type Ask = (
  grant: Grant,
  name: string,
  args?: Readonly<Record<string, unknown>>,
  context?: Partial<DecisionContext>,
  kind?: OperationKind,
) => ReturnType<ReturnType<typeof createDecider>['decide']>;

/** The decision of the example server, with what a test changes about it. */
export function askOf(options: Partial<DeciderOptions> = {}): Ask {
  const { decide } = createDecider({ catalogue, rolePolicy, ...options });
  return (grant, name, args = {}, context = {}, kind = 'tool') =>
    decide(grant, { kind, name }, args, [], { now, ...context });
}

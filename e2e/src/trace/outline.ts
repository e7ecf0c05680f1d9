import type { ReceivedSpan } from '@mcp-obo/platform/otlp';
import type { Trace, TraceNode } from './trace.ts';

export interface OutlineOptions {
  /** Leaves out spans for which this is false; what is inside them moves up. All are told unless told. */
  readonly keep?: (span: ReceivedSpan) => boolean;
  /** Says how long each took; on unless told. */
  readonly times?: boolean;
}

/**
 * A trace as an indented list: service, span, time, a mark where it failed. Runs of equal spans without
 * anything inside are told once with their number.
 */
export function outline(trace: Pick<Trace, 'roots'>, options: OutlineOptions = {}): readonly string[] {
  const { keep = () => true, times = true } = options;
  const lines = (nodes: readonly TraceNode[], depth: number): readonly string[] =>
    runsOf(nodes.flatMap((node) => kept(node, keep))).flatMap(({ node, count }) => [
      lineOf(node.span, depth, count, times),
      ...lines(node.children, depth + 1),
    ]);
  return lines(trace.roots, 0);
}

/** The node, or what of it stays when it is left out. */
function kept(node: TraceNode, keep: (span: ReceivedSpan) => boolean): readonly TraceNode[] {
  return keep(node.span) ? [node] : node.children.flatMap((child) => kept(child, keep));
}

function runsOf(
  nodes: readonly TraceNode[],
): readonly { readonly node: TraceNode; readonly count: number }[] {
  const runs: { node: TraceNode; count: number }[] = [];
  for (const node of nodes) {
    const last = runs.at(-1);
    const same =
      last !== undefined &&
      titleOf(last.node.span) === titleOf(node.span) &&
      node.children.length === 0 &&
      last.node.children.length === 0;
    if (same) last.count += 1;
    else runs.push({ node, count: 1 });
  }
  return runs;
}

function lineOf(span: ReceivedSpan, depth: number, count: number, times: boolean): string {
  const often = count > 1 ? ` ×${count}` : '';
  const time = times ? `  ${span.duration.toFixed(1)} ms` : '';
  return `${'  '.repeat(depth)}${titleOf(span)}${often}${time}${span.failed ? ' ✗' : ''}`;
}

function titleOf({ service, name }: ReceivedSpan): string {
  return `${service.padEnd(14)} ${name}`;
}

import type { ReceivedSpan, SpanNode } from '@mcp-obo/platform/otlp';

/** A trace as an indented tree: service, span, time. Runs of equal siblings are told once with their number. */
export function traceLines(roots: readonly SpanNode[], depth = 0): readonly string[] {
  return groups(roots).flatMap(({ node, count }) => [
    line(node.span, depth, count),
    ...traceLines(node.children, depth + 1),
  ]);
}

/** The parts of the trees below spans of that name. */
export function subtree(roots: readonly SpanNode[], name: string): readonly SpanNode[] {
  return roots.flatMap((node) => (node.span.name === name ? [node] : subtree(node.children, name)));
}

/** Spans in the trees. */
export function countSpans(roots: readonly SpanNode[]): number {
  return roots.reduce((sum, { children }) => sum + 1 + countSpans(children), 0);
}

/** The failed span that is deepest in the trees: where the trouble began. */
export function deepestFailure(roots: readonly SpanNode[]): ReceivedSpan | undefined {
  return failures(roots, 0).toSorted((a, b) => b.depth - a.depth || b.span.start - a.span.start)[0]?.span;
}

function failures(
  roots: readonly SpanNode[],
  depth: number,
): readonly { readonly span: ReceivedSpan; readonly depth: number }[] {
  return roots.flatMap(({ span, children }) => [
    ...(span.failed ? [{ span, depth }] : []),
    ...failures(children, depth + 1),
  ]);
}

function groups(nodes: readonly SpanNode[]): readonly { readonly node: SpanNode; readonly count: number }[] {
  const grouped: { node: SpanNode; count: number }[] = [];
  for (const node of nodes) {
    const last = grouped.at(-1);
    const same =
      last !== undefined &&
      title(last.node.span) === title(node.span) &&
      node.children.length === 0 &&
      last.node.children.length === 0;
    if (same) last.count += 1;
    else grouped.push({ node, count: 1 });
  }
  return grouped;
}

function line(span: ReceivedSpan, depth: number, count: number): string {
  const mark = span.failed ? ' ✗' : '';
  const times = count > 1 ? ` ×${count}` : '';
  return `${'  '.repeat(depth)}${title(span)}${times}  ${span.duration.toFixed(1)} ms${mark}`;
}

function title({ service, name }: ReceivedSpan): string {
  return `${service.padEnd(14)} ${name}`;
}

import type { ReceivedSpan } from '@mcp-obo/platform/otlp';

/** A span in its place. */
export interface TraceNode {
  readonly span: ReceivedSpan;
  /** The span it is part of; none for a root, and where that span was not received. */
  readonly parent?: TraceNode;
  /** What happened inside it, in order of time. */
  readonly children: readonly TraceNode[];
  /** Spans above it. */
  readonly depth: number;
}

/** All that is known of one trace. */
export interface Trace {
  readonly id: string;
  readonly roots: readonly TraceNode[];
  /** Each span once, parents before children, in order of time. */
  readonly nodes: readonly TraceNode[];
}

/** What is known of a span that is looked for. */
export interface SpanLook {
  readonly service?: string;
  readonly name?: string | RegExp;
  readonly kind?: ReceivedSpan['kind'];
}

/** The tree of the spans with that trace id. A span that was sent twice counts once. */
export function buildTrace(spans: readonly ReceivedSpan[], id: string): Trace {
  const own = new Map(spans.filter(({ traceId }) => traceId === id).map((span) => [span.spanId, span]));
  const byParent = Map.groupBy(
    [...own.values()].toSorted((a, b) => a.start - b.start),
    ({ parentSpanId }) => (parentSpanId !== undefined && own.has(parentSpanId) ? parentSpanId : undefined),
  );
  const nodes: TraceNode[] = [];
  const place = (span: ReceivedSpan, depth: number, parent?: TraceNode): TraceNode => {
    const children: TraceNode[] = [];
    const node: TraceNode = { span, depth, children, ...(parent !== undefined && { parent }) };
    nodes.push(node);
    for (const child of byParent.get(span.spanId) ?? []) children.push(place(child, depth + 1, node));
    return node;
  };
  const roots = (byParent.get(undefined) ?? []).map((span) => place(span, 0));
  return { id, roots, nodes };
}

/** The spans that fit. */
export function findSpans({ nodes }: Pick<Trace, 'nodes'>, look: SpanLook): readonly TraceNode[] {
  return nodes.filter(({ span }) => fits(span, look));
}

/** The nodes below, parents before children. */
export function below(node: TraceNode): readonly TraceNode[] {
  return node.children.flatMap((child) => [child, ...below(child)]);
}

/** From the span up to its root, the span itself first. */
export function ancestry(node: TraceNode): readonly TraceNode[] {
  return node.parent === undefined ? [node] : [node, ...ancestry(node.parent)];
}

/** The parts of the trace that begin with a span of that name. */
export function subtrace(trace: Trace, name: string): Trace {
  const tops = trace.nodes.filter(({ span }) => span.name === name);
  return buildTrace(
    tops.flatMap((top) => [top, ...below(top)]).map(({ span }) => span),
    trace.id,
  );
}

/** The failed span that is deepest, the latest of several: where the trouble began. */
export function deepestFailure({ nodes }: Pick<Trace, 'nodes'>): TraceNode | undefined {
  return nodes
    .filter(({ span }) => span.failed)
    .toSorted((a, b) => b.depth - a.depth || b.span.start - a.span.start)[0];
}

function fits(span: ReceivedSpan, { service, name, kind }: SpanLook): boolean {
  return (
    (service === undefined || span.service === service) &&
    (kind === undefined || span.kind === kind) &&
    (name === undefined || (typeof name === 'string' ? span.name === name : name.test(span.name)))
  );
}

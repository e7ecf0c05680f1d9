import { setTimeout as sleep } from 'node:timers/promises';
import type { ReceivedSpan } from '@mcp-obo/platform/otlp';
import { outline } from './outline.ts';
import { buildTrace, type Trace } from './trace.ts';

export interface GatherOptions {
  /** The processes that send spans, by the origin they are reached at. */
  readonly parts: Readonly<Record<string, string>>;
  /** What must hold before the trace is read, each by a name that an error can say. */
  readonly facts?: Readonly<Record<string, (trace: Trace) => boolean>>;
  /** A span of the caller's that is not sent to the receiver. */
  readonly root?: string;
  /** Milliseconds; 10 s unless told. */
  readonly timeout?: number;
}

/** What a receiver has so far, or had in another process. */
export type SpanReader = () => readonly ReceivedSpan[] | Promise<readonly ReceivedSpan[]>;

/**
 * Waits until a trace is whole and the facts hold. It is whole when every parent has come, and for each
 * request between the parts the span of the one that answered: a process sends what it did inside a request
 * before the request itself, so nothing is missing then. Rejects with what is missing and what there is.
 */
export async function gatherTrace(read: SpanReader, id: string, options: GatherOptions): Promise<Trace> {
  const { facts = {}, timeout = 10_000 } = options;
  const end = performance.now() + timeout;
  for (;;) {
    const trace = buildTrace(await read(), id);
    const missing = [
      ...openEnds(trace, options),
      ...Object.entries(facts)
        .filter(([, holds]) => !holds(trace))
        .map(([name]) => name),
    ];
    if (missing.length === 0) return trace;
    if (performance.now() > end) throw new Error(sentence(trace, missing, timeout));
    await sleep(20);
  }
}

function sentence(trace: Trace, missing: readonly string[], timeout: number): string {
  const list = (lines: readonly string[]) => lines.map((line) => `\n  ${line}`).join('');
  return `Trace ${trace.id} is not whole after ${timeout} ms. Missing:${list(missing)}\nReceived:${list(outline(trace)) || ' nothing'}`;
}

/** What says by itself that something has not come yet. */
export function openEnds(
  trace: Trace,
  { parts, root }: Pick<GatherOptions, 'parts' | 'root'>,
): readonly string[] {
  if (trace.nodes.length === 0) return ['any span'];
  return trace.nodes.flatMap(({ span, parent, children }) => {
    const orphan = parent === undefined && span.parentSpanId !== undefined && span.parentSpanId !== root;
    const callee = calleeOf(span, parts);
    const answered = callee === undefined || children.some(({ span: { kind } }) => kind === 'server');
    return [
      ...(orphan ? [`the parent of "${span.name}" of ${span.service}`] : []),
      ...(answered ? [] : [`what ${callee} did for "${span.name}" of ${span.service}`]),
    ];
  });
}

/** The part that got this request and answered it. Health checks make no span. */
function calleeOf({ kind, attributes }: ReceivedSpan, parts: GatherOptions['parts']): string | undefined {
  const url = URL.parse(String(attributes['url.full'] ?? ''));
  const answered = attributes['http.response.status_code'] !== undefined;
  if (kind !== 'client' || url === null || !answered || url.pathname === '/health') return undefined;
  return parts[url.origin];
}

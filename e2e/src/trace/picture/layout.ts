import type { ReceivedSpan } from '@mcp-obo/platform/otlp';
import type { Trace, TraceNode } from '../trace.ts';

/** Where everything stands, in pixels. */
export interface Layout {
  readonly width: number;
  readonly height: number;
  /** Services in the order they come up with the number of their spans, and what marks a failure. */
  readonly legend: readonly LegendEntry[];
  /** Left edge of the names, and of the bars. */
  readonly namesAt: number;
  readonly barsAt: number;
  /** First row's top. */
  readonly rowsAt: number;
  readonly ticks: readonly { readonly x: number; readonly label: string }[];
  readonly rows: readonly Row[];
}

export interface LegendEntry {
  readonly label: string;
  /** None stands for the mark of a failure. */
  readonly colour?: string;
  readonly x: number;
  readonly y: number;
}

/** One span. */
export interface Row {
  readonly span: ReceivedSpan;
  readonly y: number;
  readonly service: string;
  readonly name: string;
  /** Where a request went, which its name does not say. */
  readonly detail: string;
  /** Left edge of the name: deeper spans stand further right. */
  readonly nameAt: number;
  readonly colour: string;
  readonly bar: { readonly x: number; readonly width: number };
  /** Milliseconds after the beginning of the trace. */
  readonly offset: number;
  readonly time: {
    readonly text: string;
    readonly x: number;
    readonly anchor: 'start' | 'end';
    readonly inside: boolean;
  };
}

/** Height of a row, and of the text in it (a monospaced font is a little over 0.6 of its size wide). */
export const rowHeight = 22;
export const fontSize = 12;
export const charWidth = fontSize * 0.61;
export const margin = 24;

const indent = 14;
const barsWidth = 640;
const longest = { service: 22, name: 46, detail: 34 } as const;
const headHeight = 58;
const legendLine = 20;
const axisHeight = 46;

/** Dark enough for white text, told apart also by those who see no red or no green; red is for failures. */
const palette = [
  '#4455a8',
  '#00708a',
  '#7a5195',
  '#946200',
  '#33691e',
  '#5d4037',
  '#455a64',
  '#ad1457',
] as const;

/** Lays a trace out as a waterfall: a row for each span, in the order of the tree, and a bar where it took place. */
export function layOut({ nodes }: Pick<Trace, 'nodes'>): Layout {
  const begin = Math.min(...nodes.map(({ span }) => span.start));
  const end = Math.max(...nodes.map(({ span }) => span.start + span.duration));
  const total = nodes.length === 0 ? 0 : Math.max(end - begin, 0.001);
  const services = servicesOf(nodes);
  const namesAt = margin + columnWidth(services.map(({ name }) => shorten(name, longest.service))) + 24;
  const widest = Math.max(
    0,
    ...nodes.map(({ span, depth }) => depth * indent + textWidth(labelOf(span) + detailOf(span))),
  );
  const barsAt = Math.ceil(namesAt + widest + 40);
  const width = barsAt + barsWidth + margin;
  const failures = nodes.filter(({ span }) => span.failed).length;
  const legend = placeLegend(services, failures, width);
  const rowsAt = (legend.at(-1)?.y ?? margin + headHeight) + axisHeight;
  const x = (ms: number) => barsAt + ((ms - begin) / (total || 1)) * barsWidth;
  const colours = new Map(services.map(({ name, colour }) => [name, colour]));
  const rows = nodes.map(({ span, depth }, at): Row => {
    const bar = {
      x: round(x(span.start)),
      width: round(Math.max(2, (span.duration / (total || 1)) * barsWidth)),
    };
    return {
      span,
      y: rowsAt + at * rowHeight,
      service: shorten(span.service, longest.service),
      name: labelOf(span),
      detail: detailOf(span),
      nameAt: namesAt + depth * indent,
      colour: colours.get(span.service) ?? palette[0],
      bar,
      offset: span.start - begin,
      time: timeOf(span, bar, barsAt),
    };
  });
  return {
    width,
    height: rowsAt + nodes.length * rowHeight + margin,
    legend,
    namesAt,
    barsAt,
    rowsAt,
    ticks: ticksOf(total).map((ms) => ({ x: round(x(begin + ms)), label: duration(ms) })),
    rows,
  };
}

/** How wide that text is at most. */
export function textWidth(text: string): number {
  return text.length * charWidth;
}

/** Milliseconds as people read them. */
export function duration(ms: number): string {
  if (ms >= 10_000) return `${(ms / 1000).toFixed(1)} s`;
  return ms >= 100 || Number.isInteger(ms) ? `${Math.round(ms)} ms` : `${ms.toFixed(1)} ms`;
}

interface Service {
  readonly name: string;
  readonly colour: string;
  readonly spans: number;
}

/** From left to right, in as many lines as it takes. */
function placeLegend(services: readonly Service[], failures: number, width: number): readonly LegendEntry[] {
  const entries = services.map(({ name, colour, spans }) => ({
    label: `${shorten(name, longest.service)} (${spans})`,
    colour,
  }));
  const at = { x: margin, y: margin + headHeight };
  return [...entries, ...(failures > 0 ? [{ label: `failed (${failures})` }] : [])].map((entry) => {
    const room = 20 + textWidth(entry.label) + 18;
    if (at.x + room > width - margin) Object.assign(at, { x: margin, y: at.y + legendLine });
    const placed = { ...entry, ...at };
    at.x = round(at.x + room);
    return placed;
  });
}

function servicesOf(nodes: readonly TraceNode[]): readonly Service[] {
  const counts = new Map<string, number>();
  for (const { span } of nodes) counts.set(span.service, (counts.get(span.service) ?? 0) + 1);
  return [...counts].map(([name, spans], at) => ({
    name,
    spans,
    colour: palette[at % palette.length] ?? palette[0],
  }));
}

/** Name, and the reason of a failure. */
function labelOf({ name, failed, attributes }: ReceivedSpan): string {
  const reason = failed ? ` (${attributes['mcp_obo.reason'] ?? attributes['error.type'] ?? 'failed'})` : '';
  return shorten(name, longest.name - Math.min(reason.length, 20)) + shorten(reason, 20);
}

/** The names of client spans hold the method alone (semantic conventions). */
function detailOf({ kind, attributes }: ReceivedSpan): string {
  if (kind !== 'client') return '';
  const path = attributes['url.path'];
  const to =
    attributes['db.system.name'] ?? (path === undefined ? undefined : `:${attributes['server.port']}${path}`);
  return to === undefined ? '' : shorten(` → ${String(to)}`, longest.detail);
}

function shorten(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}

function columnWidth(texts: readonly string[]): number {
  return Math.ceil(Math.max(0, ...texts.map(textWidth)));
}

/** Right of the bar, or left of it, or, where the bar takes all the room, in it. */
function timeOf(span: ReceivedSpan, bar: Row['bar'], barsAt: number): Row['time'] {
  const text = duration(span.duration);
  const room = textWidth(text) + 6;
  const right = bar.x + bar.width;
  if (right + room <= barsAt + barsWidth) return { text, x: right + 6, anchor: 'start', inside: false };
  if (bar.x - room >= barsAt) return { text, x: bar.x - 6, anchor: 'end', inside: false };
  return { text, x: right - 6, anchor: 'end', inside: true };
}

/** At most eight steps of 1, 2 or 5. */
function ticksOf(total: number): readonly number[] {
  if (total === 0) return [];
  const magnitude = 10 ** Math.floor(Math.log10(total / 8));
  const step = [1, 2, 5, 10].map((factor) => factor * magnitude).find((size) => total / size <= 8) ?? total;
  return Array.from({ length: Math.floor(total / step) + 1 }, (_, at) => Number((at * step).toPrecision(6)));
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

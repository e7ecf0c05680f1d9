import type { ReceivedSpan } from '@mcp-obo/platform/otlp';
import type { Trace } from '../trace.ts';
import { duration } from './layout.ts';
import { element, escapeText } from './markup.ts';
import { drawSvg } from './svg.ts';

const style = `
  body { margin: 0; font: 14px/1.5 system-ui, sans-serif; color: #1f2933; background: #fff; }
  figure { margin: 0; overflow-x: auto; }
  section { padding: 0 24px 24px; }
  details { border-top: 1px solid #e4e7eb; padding: 4px 0; }
  summary { cursor: pointer; }
  summary .failed { color: #c62828; font-weight: bold; }
  table { border-collapse: collapse; margin: 4px 0 8px 18px; }
  th, td { text-align: left; vertical-align: top; padding: 1px 16px 1px 0; font: 12px/1.5 ui-monospace, monospace; font-weight: normal; }
  th { color: #52606d; }
  td { overflow-wrap: anywhere; }
`;

/** A page with the picture and, folded, what each span says of itself. One file, no scripts. */
export function drawHtml(trace: Trace, title: string): string {
  const head = [
    '<meta charset="utf-8">',
    element('title', {}, escapeText(title)),
    `<meta name="viewport" content="width=device-width">`,
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">`,
    element('style', {}, style),
  ];
  const spans = trace.nodes.map(({ span, depth }) => describe(span, depth));
  const body = [
    element('figure', {}, drawSvg(trace, title)),
    element('section', {}, element('h2', {}, 'Spans'), ...spans),
  ];
  return `<!doctype html>\n<html lang="en">${element('head', {}, ...head)}${element('body', {}, ...body)}</html>\n`;
}

function describe(span: ReceivedSpan, depth: number): string {
  const facts: Readonly<Record<string, unknown>> = {
    kind: span.kind,
    span_id: span.spanId,
    ...(span.parentSpanId !== undefined && { parent_span_id: span.parentSpanId }),
    ...span.attributes,
    ...Object.fromEntries(
      span.events.map(({ name, attributes }, at) => [`event ${at + 1}: ${name}`, attributes]),
    ),
    ...Object.fromEntries(
      span.links.map(({ traceId, spanId }, at) => [`link ${at + 1}`, `${traceId} ${spanId}`]),
    ),
    ...Object.fromEntries(Object.entries(span.resource).map(([name, value]) => [`resource: ${name}`, value])),
  };
  const rows = Object.entries(facts).map(([name, value]) =>
    element('tr', {}, element('th', {}, escapeText(name)), element('td', {}, escapeText(textOf(value)))),
  );
  const outcome = span.failed ? element('span', { class: 'failed' }, ' failed') : '';
  const title = `${span.service}: ${span.name}, ${duration(span.duration)}`;
  return element(
    'details',
    { style: `margin-left: ${Math.min(depth, 12) * 14}px` },
    element('summary', {}, escapeText(title), outcome),
    element('table', {}, ...rows),
  );
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

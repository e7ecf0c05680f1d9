import type { Trace } from '../trace.ts';
import { duration, fontSize, type Layout, layOut, margin, type Row, rowHeight } from './layout.ts';
import { element, escapeText } from './markup.ts';

const failure = '#c62828';
const ink = '#1f2933';
const faint = '#e4e7eb';
const grey = '#52606d';

/**
 * The trace as a standalone SVG 1.1: a row for each span with its service, name and time, failures marked,
 * and a legend. The same trace gives the same bytes. No scripts, no references to anything outside.
 */
export function drawSvg(trace: Trace, title: string): string {
  const layout = layOut(trace);
  const { width, height } = layout;
  return element(
    'svg',
    {
      xmlns: 'http://www.w3.org/2000/svg',
      width,
      height,
      viewBox: `0 0 ${width} ${height}`,
      role: 'img',
      'font-family': 'ui-monospace, SFMono-Regular, Menlo, Consolas, DejaVu Sans Mono, monospace',
      'font-size': fontSize,
      fill: ink,
    },
    element('title', {}, escapeText(title)),
    element('desc', {}, escapeText(summaryOf(trace))),
    element('rect', { width, height, fill: '#ffffff' }),
    head(trace, title),
    drawLegend(layout),
    axis(layout),
    ...layout.rows.map((row, at) => drawRow(row, layout, at)),
  );
}

function summaryOf({ id, nodes }: Trace): string {
  const services = new Set(nodes.map(({ span }) => span.service)).size;
  const failed = nodes.filter(({ span }) => span.failed).length;
  return `Trace ${id}: ${nodes.length} spans of ${services} services, ${failed} failed.`;
}

function head(trace: Trace, title: string): string {
  return [
    element('text', { x: margin, y: margin + 18, 'font-size': 18, 'font-weight': 'bold' }, escapeText(title)),
    element('text', { x: margin, y: margin + 40, fill: grey }, escapeText(summaryOf(trace))),
  ].join('');
}

function drawLegend({ legend }: Layout): string {
  return legend
    .map(({ label, colour, x, y }) => {
      const mark = colour === undefined ? cross(x, y) : swatch(colour, x, y);
      return mark + element('text', { x: x + 20, y: y + 11 }, escapeText(label));
    })
    .join('');
}

function axis({ ticks, rowsAt, height }: Layout): string {
  return ticks
    .map(
      ({ x, label }) =>
        element('line', { x1: x, x2: x, y1: rowsAt - 6, y2: height - margin, stroke: faint }) +
        element(
          'text',
          { x, y: rowsAt - 12, fill: grey, 'text-anchor': 'middle', 'font-size': 11 },
          escapeText(label),
        ),
    )
    .join('');
}

function drawRow(row: Row, { width, namesAt }: Layout, at: number): string {
  const { span, y, bar, time, colour } = row;
  const baseline = y + 15;
  const tip = `${span.service}: ${span.name}, ${duration(span.duration)} after ${duration(row.offset)}`;
  return element(
    'g',
    { class: span.failed ? 'span failed' : 'span' },
    element('title', {}, escapeText(tip)),
    element('rect', {
      x: margin / 2,
      y,
      width: width - margin,
      height: rowHeight,
      fill: at % 2 === 0 ? '#f8f9fb' : '#ffffff',
    }),
    swatch(colour, margin, y + 5),
    element('text', { x: margin + 18, y: baseline, fill: grey }, escapeText(row.service)),
    ...(row.nameAt > namesAt ? [guide(row.nameAt - 9, y)] : []),
    ...(span.failed ? [cross(row.nameAt + 2, y + 5)] : []),
    element(
      'text',
      { x: row.nameAt + (span.failed ? 20 : 4), y: baseline, fill: span.failed ? failure : ink },
      escapeText(row.name),
      ...(row.detail === '' ? [] : [element('tspan', { fill: grey }, escapeText(row.detail))]),
    ),
    element('rect', {
      x: bar.x,
      y: y + 4,
      width: bar.width,
      height: rowHeight - 8,
      rx: 2,
      fill: colour,
      ...(span.failed && { stroke: failure, 'stroke-width': 2 }),
    }),
    element(
      'text',
      { x: time.x, y: baseline, 'text-anchor': time.anchor, fill: time.inside ? '#ffffff' : grey },
      escapeText(time.text),
    ),
  );
}

/** A corner from the parent's line to the name. */
function guide(x: number, y: number): string {
  return element('path', { d: `M${x} ${y} v11 h8`, fill: 'none', stroke: '#b8c2cc' });
}

function swatch(colour: string, x: number, y: number): string {
  return element('rect', { x, y, width: 12, height: 12, rx: 2, fill: colour });
}

/** Drawn, so that it needs no font that has it. */
function cross(x: number, y: number): string {
  const d = `M${x + 1} ${y + 1} l10 10 M${x + 11} ${y + 1} l-10 10`;
  return element('path', { class: 'mark', d, stroke: failure, 'stroke-width': 2.5, fill: 'none' });
}

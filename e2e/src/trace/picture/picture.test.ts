import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ReceivedSpan } from '@mcp-obo/platform/otlp';
import { describe, expect, it } from 'vitest';
import { sampleRequest, sampleSpan, sampleTraceId } from '../sample-spans.ts';
import { buildTrace } from '../trace.ts';
import { pictureProblem, writePicture } from './file.ts';
import { drawHtml } from './html.ts';
import { layOut, textWidth } from './layout.ts';
import { drawSvg } from './svg.ts';

const sample = (...spans: ReceivedSpan[]) => buildTrace(spans, sampleTraceId);
const call = sample(
  sampleSpan('root', undefined, { service: 'mcp-client', name: 'tools/call list_expenses', duration: 100 }),
  sampleSpan('request', 'root', { ...sampleRequest, service: 'mcp-client', start: 10, duration: 80 }),
  sampleSpan('exchange', 'request', {
    start: 20,
    duration: 5,
    failed: true,
    attributes: { 'error.type': 'upstream_fault' },
  }),
  sampleSpan('late', 'root', { service: 'downstream-api', start: 95, duration: 0.04 }),
);

/** Attributes of every element of that name, in order. */
function elements(markup: string, name: string): readonly Record<string, string>[] {
  return [...markup.matchAll(new RegExp(`<${name}((?: [\\w:-]+="[^"]*")*)/?>`, 'g'))].map(([, list = '']) =>
    Object.fromEntries([...list.matchAll(/ ([\w:-]+)="([^"]*)"/g)].map(([, key, value]) => [key, value])),
  );
}

/** Whether every element that begins also ends, in order; and nothing else stands between angle brackets. */
function isWellFormed(markup: string): boolean {
  const open: string[] = [];
  for (const [, end, name = '', empty] of markup.matchAll(/<(\/?)([a-zA-Z]+)(?: [\w:-]+="[^"<]*")*(\/?)>/g)) {
    if (end === '/') {
      if (open.pop() !== name) return false;
    } else if (empty === '') open.push(name);
  }
  return open.length === 0 && !/<(?!\/?[a-zA-Z]+(?: [\w:-]+="[^"<]*")*\/?>)/.test(markup);
}

describe('the picture of a trace', () => {
  const svg = drawSvg(call, 'One tool call');

  it('shows each span once, in the order of the tree, with service, name and time', () => {
    const rows = svg.split('<g class="span').slice(1);
    const textsOf = (row: string) =>
      [...row.replace(/<title>.*?<\/title>/, '').matchAll(/(?<=>)[^<>]+(?=<)/g)].map(([text]) => text);
    expect(rows.map(textsOf)).toEqual([
      ['mcp-client', 'tools/call list_expenses', '100 ms'],
      ['mcp-client', 'POST', ' → :4001/token', '80 ms'],
      ['broker', 'exchange (upstream_fault)', '5 ms'],
      ['downstream-api', 'late', '0.0 ms'],
    ]);
  });

  it('marks the span that failed and no other, and says so in the legend', () => {
    expect(elements(svg, 'g').map((attributes) => attributes.class)).toEqual([
      'span',
      'span',
      'span failed',
      'span',
    ]);
    // One in its row and one in the legend.
    expect(elements(svg, 'path').filter((attributes) => attributes.class === 'mark')).toHaveLength(2);
    const well = sample(...call.nodes.map(({ span }) => ({ ...span, failed: false })));
    expect(elements(drawSvg(well, 't'), 'path').filter(({ class: kind }) => kind === 'mark')).toEqual([]);
  });

  it('puts bars where things happened, on one scale, visible however short', () => {
    const { rows, barsAt } = layOut(call);
    const [root, request, exchange, late] = rows.map(({ bar }) => bar);
    const perMs = (root?.width ?? 0) / 100;
    expect(root?.x).toBe(barsAt);
    expect(request).toEqual({ x: barsAt + 10 * perMs, width: 80 * perMs });
    expect(exchange).toEqual({ x: barsAt + 20 * perMs, width: 5 * perMs });
    expect(late?.width).toBe(2);
  });

  it('gives every service a colour of its own', () => {
    const { legend, rows } = layOut(call);
    expect(legend.map(({ label }) => label)).toEqual([
      'mcp-client (2)',
      'broker (1)',
      'downstream-api (1)',
      'failed (1)',
    ]);
    expect(new Set(legend.map(({ colour }) => colour)).size).toBe(4);
    expect(rows.map(({ colour }) => colour)).toEqual([0, 0, 1, 2].map((at) => legend[at]?.colour));
  });

  it('is the same for the same trace, stands alone and needs no script', () => {
    expect(drawSvg(call, 'One tool call')).toBe(svg);
    for (const markup of [svg, drawHtml(call, 'One tool call')]) {
      expect(markup).not.toMatch(/<script|javascript:|href=|src=|@import|\son\w+=/i);
    }
    expect(isWellFormed(svg)).toBe(true);
  });
});

describe('texts that are long or hostile', () => {
  const hostile = '</text><script>alert("1")</script>&\u0000\u202E\uD800';
  const long = 'x'.repeat(500);
  const deep = Array.from({ length: 30 }, (_, at) =>
    sampleSpan(`s${at}`, at === 0 ? undefined : `s${at - 1}`, {
      service: `service-${at}-${long}`,
      name: long,
      kind: 'client',
      attributes: { 'url.path': `/${long}`, 'server.port': 1, 'error.type': long },
      failed: true,
      start: at,
      duration: 100 - at,
    }),
  );

  it('never leave their column', () => {
    const { rows, namesAt, barsAt, width, legend } = layOut(sample(...deep));
    for (const { service, name, detail, nameAt, time, bar } of rows) {
      expect(textWidth(service)).toBeLessThanOrEqual(namesAt - 24 - 18);
      // The mark of a failure takes 20 pixels before the name.
      expect(nameAt + 20 + textWidth(name + detail)).toBeLessThanOrEqual(barsAt);
      expect(bar.x + bar.width).toBeLessThanOrEqual(width);
      expect(time.anchor === 'start' ? time.x + textWidth(time.text) : time.x).toBeLessThanOrEqual(width);
    }
    for (const { x, label } of legend) expect(x + 20 + textWidth(label)).toBeLessThanOrEqual(width);
  });

  it('stay text', () => {
    const trace = sample(
      sampleSpan('one', undefined, { name: hostile, service: hostile, attributes: { [hostile]: hostile } }),
    );
    const svg = drawSvg(trace, hostile);
    const html = drawHtml(trace, hostile);
    expect(isWellFormed(svg)).toBe(true);
    for (const markup of [svg, html]) {
      expect(markup).not.toContain('<script');
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these must not get out.
      expect(markup).not.toMatch(/[\u0000\u202E]|[\uD800-\uDFFF]/u);
      expect(markup).toContain('&#60;/text&#62;&#60;script&#62;');
    }
  });

  it('of a trace without any span give an empty picture', () => {
    expect(isWellFormed(drawSvg(sample(), 'Nothing'))).toBe(true);
    expect(layOut(sample()).ticks).toEqual([]);
  });
});

describe('the page with the picture', () => {
  it('tells all attributes of each span, folded', () => {
    const html = drawHtml(call, 'One tool call');
    expect(elements(html, 'details')).toHaveLength(call.nodes.length);
    expect(html).toContain('<tr><th>error.type</th><td>upstream_fault</td></tr>');
    expect(html).toContain('<tr><th>resource: service.version</th><td>1.0.0</td></tr>');
    expect(html).toContain("default-src 'none'");
  });
});

describe('the file of a picture', () => {
  it('is drawn in the format of its name, and refused in a sentence when that cannot be', () => {
    const folder = mkdtempSync(join(tmpdir(), 'picture-'));
    try {
      for (const [name, begin] of [
        ['trace.svg', '<svg '],
        ['trace.html', '<!doctype html>'],
      ] as const) {
        const file = join(folder, name);
        expect(pictureProblem(file)).toBeUndefined();
        writePicture(file, call, 'One tool call');
        expect(readFileSync(file, 'utf8')).toMatch(new RegExp(`^${begin}`));
      }
      expect(pictureProblem(join(folder, 'trace.png'))).toMatch(/trace\.png must end in \.svg or \.html\.$/);
      expect(pictureProblem(join(folder, 'none', 'trace.svg'))).toMatch(
        /is not there or cannot be written to\.$/,
      );
      expect(() => writePicture(join(folder, 'trace.png'), call, 't')).toThrow('must end in');
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

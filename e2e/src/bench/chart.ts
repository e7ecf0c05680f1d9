import { ratioGoals } from './goals.ts';
import type { Report } from './report.ts';
import type { ContenderResult } from './result.ts';

/** One bar. */
interface Bar {
  readonly label: string;
  readonly value: number;
  readonly text: string;
  readonly met?: boolean;
}

/** Bars on one scale. */
interface Panel {
  readonly title: string;
  readonly bars: readonly Bar[];
  /** Bars grow by factors of ten, where they lie far apart. */
  readonly logarithmic?: true;
}

const width = 860;
const labelWidth = 420;
const barWidth = 330;
const row = 24;
const gap = 46;

/** The figures of a run as a picture (SVG 1.1): ratios beside their goals, then CPU time by measurement. */
export function chart(report: Report): string {
  const panels = [ratioPanel(report), ...report.results.map(measurementPanel)].filter(
    ({ bars }) => bars.length > 0,
  );
  let y = 12;
  const parts = panels.map((panel) => {
    const drawn = drawPanel(panel, y);
    y += gap + panel.bars.length * row;
    return drawn;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${y}" role="img" aria-label="Benchmarks of mcp-obo">`,
    `<style>${style}</style>`,
    `<rect width="${width}" height="${y}" class="paper"/>`,
    ...parts,
    '</svg>',
    '',
  ].join('\n');
}

const style = [
  'text{font:13px system-ui,sans-serif;fill:#24292f}',
  '.title{font-weight:600;font-size:14px}',
  '.paper{fill:#fff}',
  '.bar{fill:#5b8def}.met{fill:#3f9b5f}.missed{fill:#d0743c}',
].join('');

function ratioPanel({ summary }: Report): Panel {
  const bars = Object.entries(ratioGoals).flatMap(([name, goals]): Bar[] => {
    const value = summary.ratios[name as keyof typeof ratioGoals];
    if (value === null) return [];
    const goal: { atMost?: number; atLeast?: number } = 'goal' in goals ? goals.goal : {};
    const { atMost, atLeast } = goal;
    const wanted = atMost !== undefined ? ` (≤ ${atMost})` : atLeast !== undefined ? ` (≥ ${atLeast})` : '';
    const met = wanted === '' ? {} : { met: value <= (atMost ?? value) && value >= (atLeast ?? value) };
    return [{ label: name, value, text: `${value}${wanted}`, ...met }];
  });
  return { title: 'Ratios of CPU time, with their goals', bars, logarithmic: true };
}

function measurementPanel({ title, contenders }: Report['results'][number]): Panel {
  const measured = contenders.filter((one): one is ContenderResult => !('missing' in one));
  return {
    title: `CPU µs per call: ${plain(title)}`,
    bars: measured.map(({ label, cpuMicros: { median } }) => ({
      label: plain(label),
      value: median,
      text: median >= 10 ? Math.round(median).toLocaleString('en-US') : String(Number(median.toPrecision(2))),
    })),
  };
}

function drawPanel({ title, bars, logarithmic }: Panel, top: number): string {
  const largest = Math.max(...bars.map(({ value }) => value));
  const share = (value: number) =>
    logarithmic === undefined ? value / largest : Math.log10(1 + value) / Math.log10(1 + largest);
  const lines = bars.map(({ label, value, text, met }, index) => {
    const y = top + 34 + index * row;
    const length = Math.max(1, Math.round(share(value) * barWidth));
    const kind = met === undefined ? 'bar' : met ? 'bar met' : 'bar missed';
    return [
      `<text x="${labelWidth - 10}" y="${y + 12}" text-anchor="end">${escaped(clipped(label))}</text>`,
      `<rect x="${labelWidth}" y="${y}" width="${length}" height="16" rx="2" class="${kind}"/>`,
      `<text x="${labelWidth + length + 6}" y="${y + 12}">${escaped(text)}</text>`,
    ].join('');
  });
  return [`<text x="12" y="${top + 20}" class="title">${escaped(title)}</text>`, ...lines].join('\n');
}

/** Without the marks of Markdown. */
function plain(text: string): string {
  return text.replaceAll('`', '');
}

function clipped(text: string): string {
  return text.length > 62 ? `${text.slice(0, 61)}…` : text;
}

function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

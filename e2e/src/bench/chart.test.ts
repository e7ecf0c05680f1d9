import { describe, expect, it } from 'vitest';
import { chart } from './chart.ts';
import type { Report } from './report.ts';
import { resultOf } from './result.ts';
import { summaryOf } from './summary.ts';

const slice = (cpuMicros: number) => [{ calls: 10, cpuMicros, milliseconds: 100 }];
const broker = resultOf(
  {
    id: 'broker',
    title: 'Broker, `POST /token`',
    contenders: ['floor', 'memory', 'redis', 'miss'].map((id) => ({ id, label: `${id} <&>` })),
    baseline: 'floor',
  },
  new Map([
    ['floor', slice(200)],
    ['memory', slice(220)],
    ['redis', slice(440)],
  ]),
  new Map([['miss', 'there is none']]),
);
const report: Report = {
  ok: true,
  startedAt: '',
  seconds: 1,
  machine: { cores: 1, cpu: '', node: '', platform: '', load: 0 },
  effort: { rounds: 1, sliceMs: 1, warmUpCalls: 1, warmUpMs: 1, windows: 1, quick: true },
  summary: summaryOf([broker], []),
  results: [broker],
  trials: [],
};

describe('the chart', () => {
  const svg = chart(report);

  it('shows each ratio with its goal, and whether that was met', () => {
    expect(svg).toContain('>memoryHitVsFastify<');
    expect(svg).toContain('>1.1 (≤ 1.2)<');
    expect(svg.match(/class="bar (?:met|missed)"/g)).toEqual(['class="bar met"', 'class="bar missed"']);
  });

  it('has a bar for all that was measured and none for what was not', () => {
    expect(svg).toContain('>CPU µs per call: Broker, POST /token<');
    expect(svg.match(/class="bar"/g)).toHaveLength(3);
    expect(svg).not.toContain('miss &lt;');
  });

  it('draws bars as long as their figures', () => {
    const [floor = 0, memory = 0, redis = 0] = [
      ...svg.matchAll(/width="(\d+)" height="16" rx="2" class="bar"/g),
    ].map(([, width]) => Number(width));
    expect([memory / floor, redis / floor].map((ratio) => Math.round(ratio * 10))).toEqual([11, 22]);
  });

  it('is text that any reader of XML takes', () => {
    expect(svg).toContain('floor &lt;&amp;&gt;');
    expect(svg).not.toContain('<&>');
  });
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type BarChart, barChart } from '../../src/page/bars.ts';
import { type ScatterChart, scatterChart } from '../../src/page/scatter.ts';
import { checkMarkup, textOf } from './page-reader.ts';

const BARS: BarChart = { id: 'b', title: 'title', description: 'description', rows: [], legend: [] };
const DOTS: ScatterChart = {
  id: 's',
  title: 'title',
  description: 'description',
  xTitle: 'x',
  yTitle: 'y',
  axes: 'logarithmic',
  formatX: String,
  formatY: String,
  dots: [],
  labels: [],
  guides: [],
  legend: [],
};

function plotOf(markup: string): { left: number; top: number; right: number; bottom: number } {
  const [x, y, width, height] = /<rect class="plot" x="(\S+)" y="(\S+)" width="(\S+)" height="(\S+)"/
    .exec(markup)!
    .slice(1)
    .map(Number) as [number, number, number, number];
  return { left: x, top: y, right: x + width, bottom: y + height };
}

test.each([false, true])('bars are as long as their values, to one scale (stacked: %j)', (stacked) => {
  const rows = [
    {
      label: 'first & <last>',
      bars: [4, 2].map((value) => ({ classes: 'a', value, says: `${value} of it` })),
    },
    {
      label: 'second',
      bars: [0, 1e-9, Number.NaN].map((value) => ({ classes: 'b', value, says: 'little' })),
    },
  ];
  const { markup } = barChart({ ...BARS, rows }, stacked ? 360 : 820, stacked);
  checkMarkup(`<!DOCTYPE html>\n${markup}`);
  const widths = [...markup.matchAll(/class="bar" x="\S+" y="\S+" width="(\S+)"/g)].map(([, width]) =>
    Number(width),
  );
  // Of what is nothing there is no bar, of what is little there is one that can be seen.
  expect(widths).toHaveLength(3);
  expect(widths[0]! / widths[1]!).toBeCloseTo(2, 3);
  expect(widths[2]).toBe(1);
  const { left, right } = plotOf(markup);
  expect(left + widths[0]!).toBeCloseTo(right, 1);
  expect(textOf(markup)).toContain('first & <last> 4 of it 2 of it second little little little');
});

test('a chart of no bars, or of bars of nothing, is still a chart', () => {
  checkMarkup(`<!DOCTYPE html>\n${barChart(BARS, 820, false).markup}`);
  const rows = [{ label: '', bars: [{ classes: '', value: 0, says: '' }] }];
  expect(barChart({ ...BARS, rows }, 360, true).markup).not.toContain('class="bar"');
});

test('a legend takes as many lines as it needs', () => {
  const legend = ['one', 'two', 'three'].map(
    (text) => ({ classes: 'a', kind: 'dot', text: text.repeat(8) }) as const,
  );
  const lines = (width: number): number =>
    new Set(
      [...barChart({ ...BARS, legend }, width, false).markup.matchAll(/class="key" x="\S+" y="(\S+)"/g)].map(
        ([, y]) => y,
      ),
    ).size;
  expect([lines(900), lines(560), lines(300)]).toEqual([1, 2, 3]);
});

const value = fc.double({ min: 1e-3, max: 1e12, noNaN: true });

test.each(['logarithmic', 'straight'] as const)('on %s axes every dot lies within the plot', (axes) => {
  fc.assert(
    fc.property(
      fc.array(
        fc.record({
          x: value,
          y: fc.oneof(value, fc.constant(0)),
          size: fc.double({ min: 0, max: 1, noNaN: true }),
          classes: fc.constantFrom('up', 'down'),
        }),
        { maxLength: 30 },
      ),
      fc.constantFrom([820, 520], [360, 400]),
      (dots, [width, height]) => {
        const labels = dots.map((_, dot) => ({ dot, text: `dot number ${dot}` }));
        const { markup } = scatterChart({ ...DOTS, axes, dots, labels }, width!, height!);
        checkMarkup(`<!DOCTYPE html>\n${markup}`);
        const { left, right, top, bottom } = plotOf(markup);
        const places = [...markup.matchAll(/M(-?[\d.]+) (-?[\d.]+)h0/g)];
        expect(places).toHaveLength(dots.length);
        for (const [, x, y] of places) {
          expect(Number(x)).toBeGreaterThanOrEqual(left - 0.1);
          expect(Number(x)).toBeLessThanOrEqual(right + 0.1);
          expect(Number(y)).toBeGreaterThanOrEqual(top - 0.1);
          expect(Number(y)).toBeLessThanOrEqual(bottom + 0.1);
        }
      },
    ),
    { numRuns: 60 },
  );
});

test('what is none lies in a strip of its own below a logarithmic axis, and what has no place is left out', () => {
  const dot = (x: number, y: number) => ({ x, y, size: 0, classes: 'a' });
  const { markup } = scatterChart({ ...DOTS, dots: [dot(1, 10), dot(1, 100), dot(1, 0)] }, 820, 520);
  const heights = [...markup.matchAll(/M\S+ ([\d.]+)h0/g)].map(([, y]) => Number(y));
  expect(heights.toSorted((a, b) => a - b)).toEqual([heights[1], heights[0], heights[2]]);
  expect(textOf(markup)).toContain('none');
  const odd = [dot(0, 1), dot(-1, 1), dot(1, -1), dot(Number.NaN, 1), dot(1, Number.NaN)];
  const none = scatterChart({ ...DOTS, dots: odd, labels: [{ dot: 0, text: 'gone' }] }, 820, 520).markup;
  expect(none).not.toContain('h0');
  expect(textOf(none)).not.toContain('none');
  expect(textOf(none)).not.toContain('gone');
});

test('a guide runs through the dots that are as it says, and one out of sight is not drawn', () => {
  const dots = [1, 10, 100].map((x) => ({ x, y: 2 * x, size: 0, classes: 'a' }));
  const { markup } = scatterChart({ ...DOTS, dots, guides: [{ slope: 2 }] }, 820, 520);
  const [x0, y0, x1, y1] = /class="guide" d="M(\S+) (\S+)L(\S+) (\S+)"/
    .exec(markup)!
    .slice(1)
    .map(Number) as number[];
  for (const [, x, y] of markup.matchAll(/M([\d.]+) ([\d.]+)h0/g)) {
    const onLine = y0! + ((Number(x) - x0!) / (x1! - x0!)) * (y1! - y0!);
    // Places of dots have one decimal.
    expect(Math.abs(onLine - Number(y))).toBeLessThan(0.15);
  }
  expect(scatterChart({ ...DOTS, dots, guides: [{ slope: 1e9 }] }, 820, 520).markup).not.toContain('guide');
  const straight = { ...DOTS, axes: 'straight', dots } as const;
  expect(scatterChart({ ...straight, guides: [{ level: 50 }] }, 820, 520).markup).toContain('guide');
  expect(scatterChart({ ...straight, guides: [{ level: 1e9 }] }, 820, 520).markup).not.toContain('guide');
});

test('of labels in one place the first ones are drawn, as many as find room', () => {
  const dots = Array.from({ length: 9 }, () => ({ x: 10, y: 10, size: 1, classes: 'a' }));
  const labels = dots.map((_, dot) => ({ dot, text: `label ${dot}` }));
  const text = textOf(scatterChart({ ...DOTS, dots, labels }, 820, 520).markup);
  for (const at of [0, 1, 2, 3]) expect(text).toContain(`label ${at}`);
  expect(text).not.toContain('label 4');
});

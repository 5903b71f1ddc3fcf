import fc from 'fast-check';
import { expect, test } from 'vitest';
import { forestChart, type LineChart, lineChart, type Style } from '../../src/proof/chart.ts';
import { checkMarkup, textOf } from '../page/page-reader.ts';

const STYLE: Style = { classes: 's0', marker: 'circle' };

const CHART: LineChart = {
  id: 'c',
  title: 'title',
  description: 'description',
  xTitle: 'x',
  yTitle: 'y',
  ticks: undefined,
  formatX: String,
  series: [],
};

/** The places of all points of a drawing, and the rectangle they have to lie in. */
function read(markup: string): { marks: number[][]; curves: number[][]; plot: number[] } {
  const numbers = (text: string): number[] =>
    [...text.matchAll(/-?\d+(\.\d+)?/g)].map(([digits]) => Number(digits));
  const plot = /<rect class="plot" x="(\S+)" y="(\S+)" width="(\S+)" height="(\S+)"/
    .exec(markup)!
    .slice(1)
    .map(Number);
  const body = markup.replace(/<g class="label">.*?<\/g>/gs, '');
  return {
    marks: [...body.matchAll(/class="mark" d="M(\S+) ([^ma-z]+)/g)].map(([, x, y]) => [Number(x), Number(y)]),
    curves: [...body.matchAll(/class="curve" d="([^"]*)"/g)].map(([, d]) => numbers(d!)),
    plot,
  };
}

test('all points, whiskers and curves are drawn inside of the plot', () => {
  const loss = fc.record({
    value: fc.double({ min: 0, max: 8, noNaN: true }),
    half: fc.double({ min: 0, max: 1, noNaN: true }),
  });
  fc.assert(
    fc.property(
      fc.array(fc.array(loss, { minLength: 1, maxLength: 5 }), { maxLength: 12 }),
      fc.constantFrom([820, 400], [360, 340], [320, 230]),
      fc.option(fc.double({ min: 0, max: 2 }), { nil: undefined }),
      (lines, [width, height], fit) => {
        const series = lines.map((line, at) => ({
          name: `arm number ${at}`,
          style: STYLE,
          points: line.map(({ value, half }, index) => ({
            x: 1000 * 2 ** index,
            y: { value, low: value - half, high: value + half },
          })),
          fit: fit === undefined ? undefined : (x: number): number => fit * x ** -0.1,
        }));
        const { markup } = lineChart({ ...CHART, series }, width!, height!);
        checkMarkup(`<!DOCTYPE html>\n${markup}`);
        const { marks, curves, plot } = read(markup);
        const [left, top, w, h] = plot as [number, number, number, number];
        expect(marks).toHaveLength(lines.flat().length);
        const places = [
          ...marks,
          ...curves.flatMap((d) => d.flatMap((x, at) => (at % 2 === 0 ? [[x, d[at + 1]!]] : []))),
        ];
        for (const [x, y] of places) {
          expect(x).toBeGreaterThanOrEqual(left - 10);
          expect(x).toBeLessThanOrEqual(left + w + 10);
          expect(y).toBeGreaterThanOrEqual(top - 0.01);
          expect(y).toBeLessThanOrEqual(top + h + 0.01);
        }
      },
    ),
    { numRuns: 60 },
  );
});

test('the loss of a point is where its axis says: between two ticks in proportion', () => {
  const series = [
    {
      name: 'a',
      style: STYLE,
      fit: undefined,
      points: [
        { x: 1000, y: { value: 3, low: 3, high: 3 } },
        { x: 8000, y: { value: 1.25, low: 1, high: 1.5 } },
      ],
    },
  ];
  const { markup } = lineChart({ ...CHART, series }, 820, 400);
  const ticks = [
    ...markup.matchAll(/y1="(\S+)" y2="(\S+)"\/><text x="\S+" y="\S+" text-anchor="end">(\S+)<\/text>/g),
  ].map(([, y, , text]) => [Number(text), Number(y)] as const);
  const [[low, lowY], [high, highY]] = [ticks[0]!, ticks.at(-1)!];
  const { marks } = read(markup);
  const lossAt = (y: number): number => low + ((y - lowY) / (highY - lowY)) * (high - low);
  // Places have two decimals, of 334 for a bit or two.
  expect(lossAt(marks[0]![1]!)).toBeCloseTo(3, 3);
  expect(lossAt(marks[1]![1]!)).toBeCloseTo(1.25, 3);
});

test('a fit that is far from its points is not drawn; they are joined instead', () => {
  const points = [1, 2, 4].map((x) => ({ x, y: { value: 2, low: 1.9, high: 2.1 } }));
  const curveOf = (fit: (x: number) => number): number =>
    read(lineChart({ ...CHART, series: [{ name: 'a', style: STYLE, points, fit }] }, 820, 400).markup)
      .curves[0]!.length / 2;
  expect(curveOf(() => 2.05)).toBe(41);
  expect(curveOf(() => 9)).toBe(3);
  expect(curveOf(() => Number.NaN)).toBe(3);
});

test.each([false, true])(
  'a forest plot shows every interval against no difference (stacked: %j)',
  (stacked) => {
    const rows = [
      {
        label: 'first & <last>',
        style: STYLE,
        interval: { value: 2, low: 1.5, high: 3 },
        bound: 'none',
        says: 'two',
      },
      { label: 'second', style: STYLE, interval: { value: 8, low: 6, high: 8 }, bound: 'above', says: '> 8' },
      {
        label: 'third',
        style: STYLE,
        interval: { value: Number.NaN, low: 1, high: 2 },
        bound: 'none',
        says: 'unknown',
      },
    ] as const;
    const chart = { id: 'f', title: 't', description: 'd', rows, axisTitle: 'axis', none: 1 } as const;
    const { markup } = forestChart(chart, stacked ? 360 : 820, stacked);
    checkMarkup(`<!DOCTYPE html>\n${markup}`);
    const text = textOf(markup);
    for (const { label, says } of rows) {
      expect(text).toContain(label);
      expect(text).toContain(says);
    }
    const { marks, curves, plot } = read(markup);
    expect(marks).toHaveLength(2);
    expect(curves).toHaveLength(2);
    const none = Number(/class="none" x1="(\S+)"/.exec(markup)![1]);
    expect(none).toBeGreaterThan(plot[0]!);
    expect(none).toBeLessThan(marks[0]![0]!);
    expect(marks[0]![0]).toBeLessThan(marks[1]![0]!);
    expect(marks[1]![0]).toBeLessThanOrEqual(plot[0]! + plot[2]!);
  },
);

test('a forest plot of nothing but no difference is still a plot', () => {
  const chart = { id: 'f', title: 't', description: 'd', rows: [], axisTitle: 'axis', none: 0 } as const;
  checkMarkup(`<!DOCTYPE html>\n${forestChart(chart, 820, false).markup}`);
  expect(forestChart(chart, 820, false).markup).toContain('class="none"');
});

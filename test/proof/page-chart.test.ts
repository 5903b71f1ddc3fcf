import fc from 'fast-check';
import { expect, test } from 'vitest';
import { forestChart, type LineChart, lineChart, type Style } from '../../src/proof/chart.ts';
import {
  linearScale,
  linearTicks,
  logScale,
  logTicks,
  spread,
  tickDecimals,
} from '../../src/proof/chart-scale.ts';
import { shorten, textWidth } from '../../src/proof/chart-text.ts';
import { checkMarkup, textOf } from './page-reader.ts';

const STYLE: Style = { classes: 's0', marker: 'circle' };

/** Whether a number is 1, 2 or 5 times a power of ten, up to rounding. */
function isRoundStep(step: number): boolean {
  const lead = step / 10 ** Math.floor(Math.log10(step) + 1e-9);
  return [1, 2, 5].some((round) => Math.abs(lead - round) < 1e-4);
}

const number = fc.double({ min: -1e6, max: 1e6, noNaN: true });

test('a straight axis holds all values, and its ticks are few, round and within it', () => {
  fc.assert(
    fc.property(fc.array(number, { maxLength: 12 }), fc.integer({ min: 3, max: 9 }), (values, most) => {
      const scale = linearScale(values, 100, 0, most);
      for (const value of values) {
        expect(scale.place(value)).toBeGreaterThanOrEqual(0);
        expect(scale.place(value)).toBeLessThanOrEqual(100);
      }
      expect(scale.ticks.length).toBeLessThanOrEqual(most);
      expect(scale.ticks.length).toBeGreaterThan(0);
      const slack = (scale.high - scale.low) * 1e-6;
      for (const tick of scale.ticks) {
        expect(tick).toBeGreaterThanOrEqual(scale.low - slack);
        expect(tick).toBeLessThanOrEqual(scale.high + slack);
      }
    }),
  );
});

test.each([
  [0, 10, 6, [0, 2, 4, 6, 8, 10]],
  [0, 10, 5, [0, 5, 10]],
  [1.81, 2.44, 7, [1.9, 2, 2.1, 2.2, 2.3, 2.4]],
  [-0.06, 0.13, 5, [-0.05, 0, 0.05, 0.1]],
  [0.9995, 1.0005, 3, [0.9995, 1, 1.0005]],
])('from %d to %d there are at most %d ticks: %j', (low, high, most, ticks) => {
  expect(linearTicks(low, high, most)).toEqual(ticks);
});

test('steps between ticks of a straight axis are 1, 2 or 5 times a power of ten', () => {
  fc.assert(
    fc.property(number, fc.double({ min: 1e-3, max: 1e6, noNaN: true }), (low, width) => {
      const ticks = linearTicks(low, low + width, 8);
      expect(ticks.length).toBeGreaterThanOrEqual(2);
      // Where the ticks have many digits before the step's, those after it are lost to rounding.
      if (Math.abs(low) / width < 1e5) expect(isRoundStep(ticks[1]! - ticks[0]!)).toBe(true);
    }),
  );
});

test('a logarithmic axis holds all values, and has two ticks or more wherever there is a factor of 2 between its ends', () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 1e-3, max: 1e12, noNaN: true }), { minLength: 1, maxLength: 9 }),
      (values) => {
        const scale = logScale(values, 0, 100, 6);
        for (const value of values) {
          expect(scale.place(value)).toBeGreaterThanOrEqual(0);
          expect(scale.place(value)).toBeLessThanOrEqual(100);
        }
        expect(scale.ticks.length).toBeLessThanOrEqual(6);
        expect(scale.ticks.length).toBeGreaterThanOrEqual(2);
        expect(
          scale.ticks.every((tick) => tick >= scale.low * 0.999999 && tick <= scale.high * 1.000001),
        ).toBe(true);
      },
    ),
  );
});

test.each([
  [4e6, 32e6, 8, [5e6, 10e6, 20e6]],
  [1, 1000, 8, [1, 3, 10, 30, 100, 300, 1000]],
  [1, 1e9, 5, [1, 100, 1e4, 1e6, 1e8]],
  [0.9, 1.6, 7, [1, 1.2, 1.4, 1.6]],
])('the logarithmic ticks from %d to %d, at most %d, are round: %j', (low, high, most, ticks) => {
  expect(logTicks(low, high, most)).toEqual(ticks);
});

test('ticks that are asked for are taken where there is room for all', () => {
  expect(logScale([4, 32], 0, 100, 4, [4, 8, 16, 32]).ticks).toEqual([4, 8, 16, 32]);
  expect(logScale([4, 32], 0, 100, 3, [4, 8, 16, 32]).ticks).not.toEqual([4, 8, 16, 32]);
});

test('ticks are written with as many decimals as tell them apart', () => {
  expect([tickDecimals([1, 2]), tickDecimals([0.5, 1]), tickDecimals([1.25]), tickDecimals([])]).toEqual([
    0, 1, 2, 0,
  ]);
});

test('labels that are moved apart keep their order, have their room, and stay within bounds', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 300, noNaN: true }), { maxLength: 20 }), (wanted) => {
      const placed = spread(wanted, 15, 0, 300);
      const order = wanted.map((_, at) => at).toSorted((a, b) => wanted[a]! - wanted[b]! || a - b);
      for (const [at, index] of order.entries()) {
        expect(placed[index]).toBeGreaterThanOrEqual(-1e-9);
        expect(placed[index]).toBeLessThanOrEqual(300 + 1e-9);
        if (at > 0) expect(placed[index]! - placed[order[at - 1]!]!).toBeGreaterThanOrEqual(15 - 1e-9);
      }
    }),
  );
});

test('labels that have room stay where they are, and those that meet stand around their middle', () => {
  expect(spread([10, 50, 90], 15, 0, 100)).toEqual([10, 50, 90]);
  expect(spread([50, 50], 20, 0, 100)).toEqual([40, 60]);
  expect(spread([99, 98], 20, 0, 100)).toEqual([100, 80]);
  expect(spread([], 20, 0, 100)).toEqual([]);
});

test('a text too long loses its middle and fits', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'grapheme', maxLength: 60 }),
      fc.integer({ min: 2, max: 30 }),
      (text, width) => {
        const shown = shorten(text, width);
        expect(textWidth(shown)).toBeLessThanOrEqual(width);
        if (textWidth(text) <= width) expect(shown).toBe(text);
        expect(shown).not.toMatch(/\p{Cs}/u);
      },
    ),
  );
  expect(shorten('/data/crawl/part-00000/filtered', 10)).toMatch(/^\/data.*….*ered$/);
});

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

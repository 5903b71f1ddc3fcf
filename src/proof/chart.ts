import { drawing, FONT, plotFrame, xTicks, yTick } from '../page/drawing.ts';
import { coordinate, element, type Markup } from '../page/markup.ts';
import { linearScale, logScale, type Scale, spread, tickDecimals } from '../page/scale.ts';
import { shorten, textWidth } from '../page/text.ts';
import type { Interval } from './proof.ts';

/** How something is drawn: a class that names its colour, and a marker, so that colour is never all there is to tell it by. */
export interface Style {
  /** Classes of the page's style sheet: colour, and the dashes of controls. */
  readonly classes: string;
  readonly marker: Marker;
}

/** Shapes of points. */
export type Marker =
  | 'circle'
  | 'square'
  | 'triangle'
  | 'diamond'
  | 'drop'
  | 'plus'
  | 'cross'
  | 'star'
  | 'ring';

/** Something that is measured at several places. */
interface Series {
  /** Escaped by the drawing; may be of any length. */
  readonly name: string;
  readonly style: Style;
  /** `x` above 0, ascending. */
  readonly points: readonly { readonly x: number; readonly y: Interval }[];
  /** A curve through them; undefined joins them with straight lines, as does a curve that misses them by more than they span. */
  readonly fit: ((x: number) => number) | undefined;
}

/** A chart of losses, over something that is shown as a logarithm. */
export interface LineChart {
  /** Unique in its page. */
  readonly id: string;
  readonly title: string;
  /** What it shows, in words, for those who cannot see it. */
  readonly description: string;
  readonly xTitle: string;
  readonly yTitle: string;
  readonly series: readonly Series[];
  /** Places to name on the axis below; undefined, or too many for the room there is, chooses round numbers. */
  readonly ticks: readonly number[] | undefined;
  readonly formatX: (x: number) => string;
}

/** A row of a forest plot: a number and its interval. */
export interface ForestRow {
  readonly label: string;
  readonly style: Style;
  readonly interval: Interval;
  /** An arrow is drawn where only a bound is known. */
  readonly bound: 'none' | 'above' | 'below';
  /** The interval in words. */
  readonly says: string;
}

/** Intervals under one another, against the place where there is no difference. */
export interface ForestChart {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  readonly rows: readonly ForestRow[];
  readonly axisTitle: string;
  /** What the numbers are if nothing differs: 0 on a straight axis, 1 on a logarithmic one. */
  readonly none: 0 | 1;
}

const ASCENT = 9;
const LABEL_GAP = 15;

/**
 * Draws curves with their points, whiskers and a label at the end of each.
 * @param width of the drawing in its own units, of which a letter is 12 high; `height` grows where the labels need more.
 */
export function lineChart(chart: LineChart, width: number, height: number): Markup {
  const { series } = chart;
  const widest = Math.max(0, ...series.map(({ name }) => textWidth(name))) * FONT;
  const labelWidth = Math.min(widest, width * 0.34);
  const top = 26;
  const bottom = Math.max(height - 40, top + series.length * LABEL_GAP);
  const fits = series.map((one) => curvePoints(one));
  const y = linearScale(
    [
      ...series.flatMap(({ points }) => extent(points.map((point) => point.y))),
      ...fits.flatMap((fit) => fit.map((point) => point.y)),
    ],
    bottom,
    top,
    7,
  );
  const decimals = tickDecimals(y.ticks);
  const tickTexts = y.ticks.map((tick) => tick.toFixed(decimals));
  const left = Math.max(...tickTexts.map((text) => textWidth(text)), 0) * FONT + 10;
  const right = width - labelWidth - 32;
  const xs = series.flatMap(({ points }) => points.map((point) => point.x));
  const x = logScale(xs, left, right, right - left > 360 ? 8 : 4, chart.ticks);
  const ends = fits.map((fit) => {
    const end = fit.at(-1);
    return end === undefined ? bottom : y.place(end.y);
  });
  const labels = spread(ends, LABEL_GAP, top + 4, bottom - 4);
  const step =
    series.length < 2 ? 0 : Math.min(right - left > 360 ? 7 : 3, (right - left) / 16 / series.length);
  return drawing(chart, width, bottom + 40, [
    ...y.ticks.map((tick, index) => yTick(y.place(tick), left, right, tickTexts[index]!)),
    element('line', { class: 'axis-line', x1: left, x2: right, y1: bottom, y2: bottom }),
    ...xTicks(x, bottom, chart.formatX),
    element('text', { class: 'axis', x: 0, y: 13 }, chart.yTitle),
    element('text', { class: 'axis', x: left, y: bottom + 34 }, chart.xTitle),
    plotFrame(left, right, top, bottom),
    ...series.map((one, index) =>
      element(
        'g',
        { class: `series ${one.style.classes}` },
        curve(fits[index]!, x, y),
        ...one.points
          .filter((point) => Number.isFinite(point.y.value))
          .flatMap((point) => {
            // Whiskers of arms stand side by side, or they would hide each other.
            const at = x.place(point.x) + (index - (series.length - 1) / 2) * step;
            return [whisker(point.y, at, y), mark(one.style.marker, at, y.place(point.y.value))];
          }),
        endLabel(
          one,
          { x: right, y: ends[index]! },
          labels[index]!,
          labelWidth,
          one.points.length === 0 ? undefined : x.place(one.points.at(-1)!.x),
        ),
      ),
    ),
  ]);
}

/** Places a curve goes through: many on the fit, or the points themselves. */
function curvePoints({ points, fit }: Series): { x: number; y: number }[] {
  const known = points.filter((point) => Number.isFinite(point.y.value) && point.x > 0);
  const straight = known.map((point) => ({ x: point.x, y: point.y.value }));
  const [first, last] = [known[0], known.at(-1)];
  if (fit === undefined || first === undefined || last === undefined || last.x <= first.x) return straight;
  const all = extent(known.map((point) => point.y)).filter(Number.isFinite);
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const slack = high - low + 1e-9;
  const steps = 40;
  const curved = Array.from({ length: steps + 1 }, (_, at) => {
    const place = first.x * (last.x / first.x) ** (at / steps);
    return { x: place, y: fit(place) };
  });
  return curved.every((place) => place.y >= low - slack && place.y <= high + slack) ? curved : straight;
}

function curve(places: readonly { x: number; y: number }[], x: Scale, y: Scale): Markup {
  const path = places.map(
    (place, at) => `${at === 0 ? 'M' : 'L'}${coordinate(x.place(place.x))} ${coordinate(y.place(place.y))}`,
  );
  return element('path', { class: 'curve', d: path.join('') || undefined });
}

function whisker({ low, high }: Interval, at: number, y: Scale): Markup {
  if (!Number.isFinite(low) || !Number.isFinite(high)) return element('g', {});
  const [from, to] = [y.place(low), y.place(high)];
  const d = `M${coordinate(at - 3)} ${coordinate(from)}h6M${coordinate(at)} ${coordinate(from)}V${coordinate(to)}M${coordinate(at - 3)} ${coordinate(to)}h6`;
  return element('path', { class: 'whisker', d });
}

/** The name of a series beside the end of its line, after its marker, joined to it where the label had to move. */
function endLabel(
  { name, style }: Series,
  end: { x: number; y: number },
  at: number,
  width: number,
  from: number | undefined,
): Markup {
  const shown = shorten(name, Math.max(width, FONT * 2) / FONT);
  return element(
    'g',
    { class: 'label' },
    from === undefined
      ? ''
      : element('path', {
          class: 'leader',
          d: `M${coordinate(from + 12)} ${coordinate(end.y)}L${coordinate(end.x + 8)} ${coordinate(at)}`,
        }),
    mark(style.marker, end.x + 16, at),
    element('text', { x: end.x + 26, y: at + 4 }, shown === name ? '' : element('title', {}, name), shown),
  );
}

/**
 * Draws intervals under one another.
 * @param stacked puts labels above their intervals instead of beside them, for narrow places.
 */
export function forestChart(chart: ForestChart, width: number, stacked: boolean): Markup {
  const { rows, none } = chart;
  const saysWidth = Math.max(0, ...rows.map(({ says }) => textWidth(says))) * FONT;
  const longest = Math.max(0, ...rows.map(({ label }) => textWidth(label))) * FONT + 24;
  const labelWidth = stacked ? width - saysWidth - 16 : Math.min(longest, width * 0.3);
  const left = stacked ? 26 : labelWidth + 12;
  const right = stacked ? width - 26 : width - saysWidth - 16;
  const rowHeight = stacked ? 40 : 26;
  const top = 6;
  const bottom = top + rows.length * rowHeight + 4;
  const values = [none, ...rows.flatMap(({ interval }) => extent([interval]))];
  const x =
    none === 1
      ? logScale(values, left, right, stacked ? 5 : 7)
      : linearScale(values, left, right, stacked ? 5 : 7);
  return drawing(chart, width, bottom + 40, [
    ...x.ticks.map((tick) => {
      const at = x.place(tick);
      return element(
        'g',
        { class: 'tick' },
        element('line', { x1: at, x2: at, y1: top, y2: bottom + 4 }),
        element('text', { x: at, y: bottom + 17, 'text-anchor': 'middle' }, tickText(tick, x, none)),
      );
    }),
    element('line', { class: 'none', x1: x.place(none), x2: x.place(none), y1: top, y2: bottom + 4 }),
    element('text', { class: 'axis', x: left, y: bottom + 34 }, chart.axisTitle),
    plotFrame(left, right, top, bottom),
    ...rows.map((row, index) => {
      const textAt = top + index * rowHeight + (stacked ? ASCENT + 6 : rowHeight / 2 + 4);
      const at = top + index * rowHeight + (stacked ? 28 : rowHeight / 2);
      return forestRow(row, x, at, textAt, width, labelWidth);
    }),
  ]);
}

/** Ratios have as many digits as they need, each for itself: 0.5, 1, 2; close ones the same number: 0.98, 1.00. */
function tickText(tick: number, { low, high, ticks }: Scale, none: 0 | 1): string {
  const text = none === 1 && high / low >= 4 ? String(tick) : tick.toFixed(tickDecimals(ticks));
  return text.replace('-', '−');
}

function forestRow(
  row: ForestRow,
  x: Scale,
  at: number,
  textAt: number,
  width: number,
  labelWidth: number,
): Markup {
  const { interval, style, label, says, bound } = row;
  const shown = shorten(label, (labelWidth - 24) / FONT);
  const isKnown = [interval.value, interval.low, interval.high].every(
    (value) => Number.isFinite(value) && value >= x.low && value <= x.high,
  );
  const [low, high] = [x.place(interval.low), x.place(interval.high)];
  const shape =
    bound === 'none'
      ? mark(style.marker, x.place(interval.value), at)
      : arrow(bound, x.place(interval.value), at);
  return element(
    'g',
    { class: `series ${style.classes}` },
    element('g', { class: 'label' }, mark(style.marker, 8, textAt - 4)),
    element('text', { x: 20, y: textAt }, shown === label ? '' : element('title', {}, label), shown),
    element('text', { class: 'says', x: width - 2, y: textAt, 'text-anchor': 'end' }, says),
    isKnown
      ? [
          element('path', {
            class: 'curve',
            d: `M${coordinate(low)} ${coordinate(at - 4)}v8M${coordinate(low)} ${coordinate(at)}H${coordinate(high)}M${coordinate(high)} ${coordinate(at - 4)}v8`,
          }),
          shape,
        ]
      : [],
  );
}

function arrow(bound: 'above' | 'below', x: number, y: number): Markup {
  const to = bound === 'above' ? 9 : -9;
  return element('path', {
    class: 'mark',
    d: `M${coordinate(x)} ${coordinate(y - 5)}L${coordinate(x + to)} ${coordinate(y)}L${coordinate(x)} ${coordinate(y + 5)}Z`,
  });
}

/** Outlines of the markers around (0, 0), each about as large to the eye as the others. */
const OUTLINES: Readonly<Record<Marker, string>> = {
  circle: 'm-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0z',
  ring: 'm-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0z',
  square: 'm-3.5-3.5h7v7h-7z',
  triangle: 'm0-4.8l4.6 8h-9.2z',
  drop: 'm0 4.8l4.6-8h-9.2z',
  diamond: 'm0-5l5 5l-5 5l-5-5z',
  plus: 'm-1.4-4.5h2.8v3.1h3.1v2.8h-3.1v3.1h-2.8v-3.1h-3.1v-2.8h3.1z',
  cross: 'm-4.2-2.2l2-2l2.2 2.2l2.2-2.2l2 2l-2.2 2.2l2.2 2.2l-2 2l-2.2-2.2l-2.2 2.2l-2-2l2.2-2.2z',
  star: 'm0-5.4l1.6 3.7l4 .4l-3 2.7l.9 4l-3.5-2.1l-3.5 2.1l.9-4l-3-2.7l4-.4z',
};

function mark(marker: Marker, x: number, y: number): Markup {
  return element('path', { class: 'mark', d: `M${coordinate(x)} ${coordinate(y)}${OUTLINES[marker]}` });
}

/** All ends of intervals, and their values. */
function extent(intervals: readonly Interval[]): number[] {
  return intervals.flatMap(({ value, low, high }) => [value, low, high]);
}

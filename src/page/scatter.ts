import {
  type Described,
  drawing,
  FONT,
  type LegendEntry,
  legend,
  plotFrame,
  xTicks,
  yTick,
} from './drawing.ts';
import { coordinate, element, type Markup } from './markup.ts';
import { linearScale, logScale, type Scale } from './scale.ts';
import { shorten, textWidth } from './text.ts';

/** One of many things that are measured in two ways. */
interface Dot {
  readonly x: number;
  readonly y: number;
  /** What its area shows, 0 to 1. */
  readonly size: number;
  /** Class of its colour. */
  readonly classes: string;
}

/** A name beside a dot, drawn where there is room for it. */
interface DotLabel {
  /** Number of the dot. */
  readonly dot: number;
  readonly text: string;
}

/** A straight line y = slope * x, or y = level. */
type Guide = { readonly slope: number } | { readonly level: number };

/** Thousands of dots at most, which may lie upon each other. */
export interface ScatterChart extends Described {
  readonly xTitle: string;
  readonly yTitle: string;
  /** Of both axes: logarithmic, with a strip of its own for what is 0 on the upright one, or straight, the upright one from 0 on. */
  readonly axes: 'logarithmic' | 'straight';
  readonly formatX: (value: number) => string;
  readonly formatY: (value: number) => string;
  readonly dots: readonly Dot[];
  /** The most important first. */
  readonly labels: readonly DotLabel[];
  readonly guides: readonly Guide[];
  readonly legend: readonly LegendEntry[];
}

/** Height of the strip for 0. */
const STRIP = 26;
/** Radii are rounded to this many, so that dots of one radius and colour are one path: 4096 circles would be most of a page. */
const SIZES = 8;

interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** Draws dots over two axes. @param width of the drawing in its own units, of which a letter is 12 high. */
export function scatterChart(chart: ScatterChart, width: number, height: number): Markup {
  const isLog = chart.axes === 'logarithmic';
  const known = chart.dots
    .map((dot, number) => ({ ...dot, number }))
    .filter(({ x, y }) => Number.isFinite(x) && Number.isFinite(y) && y >= 0 && (isLog ? x > 0 : true));
  const key = legend(chart.legend, width);
  const top = key.height + 28;
  const bottom = Math.max(height - 40, top + 120);
  const hasZero = isLog && known.some(({ y }) => y === 0);
  const floor = hasZero ? bottom - STRIP : bottom;
  const largest = Math.max(2, 16 * (5 / Math.max(5, known.length)) ** 0.15) * (width < 500 ? 0.7 : 1);
  const ys = known.map(({ y }) => y).filter((y) => !isLog || y > 0);
  const y = isLog ? logScale(ys, floor, top, 7) : linearScale([0, ...ys], floor, top, 7);
  const texts = y.ticks.map(chart.formatY);
  const left = Math.max(FONT * 3, ...texts.map((text) => textWidth(text) * FONT)) + 10;
  const right = width - 12;
  const xs = known.map(({ x }) => x);
  const most = right - left > 360 ? 8 : 4;
  const x = isLog ? logScale(xs, left, right, most) : linearScale(xs, left, right, most);
  const placed = known.map((dot) => ({
    ...dot,
    atX: x.place(dot.x),
    atY: isLog && dot.y === 0 ? bottom - STRIP / 2 : y.place(dot.y),
    step: Math.round(Math.sqrt(Math.min(1, Math.max(0, dot.size))) * (SIZES - 1)),
  }));
  const radius = (step: number): number => 1.4 + (largest - 1.4) * (step / (SIZES - 1));
  const plot = { left, right, top, bottom };
  const labelled = placeLabels(
    chart.labels.flatMap(({ dot, text }) => {
      const at = placed.find(({ number }) => number === dot);
      return at === undefined ? [] : [{ x: at.atX, y: at.atY, radius: radius(at.step), text }];
    }),
    plot,
  );
  return drawing(chart, width, bottom + 40, [
    ...key.marks,
    ...y.ticks.map((tick, at) => yTick(y.place(tick), left, right, texts[at]!)),
    ...(hasZero ? [yTick(bottom - STRIP / 2, left, left, 'none')] : []),
    element('line', { class: 'axis-line', x1: left, x2: right, y1: bottom, y2: bottom }),
    ...xTicks(x, bottom, chart.formatX),
    element('text', { class: 'axis', x: 0, y: key.height + 14 }, chart.yTitle),
    element('text', { class: 'axis', x: left, y: bottom + 34 }, chart.xTitle),
    plotFrame(left, right, top, bottom),
    ...chart.guides.flatMap((guide) => guideLine(guide, x, y)),
    ...dotPaths(placed, radius),
    ...labelled,
  ]);
}

/** The largest dots beneath, so that no small one is hidden. */
function dotPaths(
  placed: readonly {
    readonly classes: string;
    readonly step: number;
    readonly atX: number;
    readonly atY: number;
  }[],
  radius: (step: number) => number,
): Markup[] {
  const paths = new Map<string, string[]>();
  for (const { classes, step, atX, atY } of placed.toSorted((a, b) => b.step - a.step)) {
    const group = `${step} ${classes}`;
    // A line of no length with round ends is a dot.
    const place = `M${short(atX)} ${short(atY)}h0`;
    const own = paths.get(group);
    if (own === undefined) paths.set(group, [place]);
    else own.push(place);
  }
  return [...paths].map(([group, places]) => {
    const [step, ...classes] = group.split(' ');
    return element('path', {
      class: `dots series ${classes.join(' ')}`,
      'stroke-width': 2 * radius(Number(step)),
      d: places.join(''),
    });
  });
}

function short(value: number): string {
  return String(Math.round(value * 10) / 10);
}

/** The part of a line that lies within both axes; on logarithmic axes y = slope * x is straight as well. */
function guideLine(guide: Guide, x: Scale, y: Scale): Markup[] {
  const slope = 'slope' in guide ? guide.slope : 0;
  const level = 'level' in guide ? guide.level : 0;
  const ends =
    slope > 0
      ? [Math.max(x.low, y.low / slope), Math.min(x.high, y.high / slope)]
      : level >= y.low && level <= y.high
        ? [x.low, x.high]
        : [1, 0];
  const [from, to] = ends as [number, number];
  if (!(from < to)) return [];
  const at = (value: number): string =>
    `${coordinate(x.place(value))} ${coordinate(y.place(slope > 0 ? slope * value : level))}`;
  return [element('path', { class: 'guide', d: `M${at(from)}L${at(to)}` })];
}

/** Labels beside their dots: to the right, left, above or below; one that would lie upon another is left out. */
function placeLabels(
  wanted: readonly {
    readonly x: number;
    readonly y: number;
    readonly radius: number;
    readonly text: string;
  }[],
  plot: Box,
): Markup[] {
  const taken: Box[] = [];
  const marks: Markup[] = [];
  for (const { x, y, radius, text } of wanted) {
    const shown = shorten(text, Math.min(24, (plot.right - plot.left) / FONT / 2));
    const width = textWidth(shown) * FONT;
    const gap = radius + 4;
    const middle = Math.min(Math.max(x, plot.left + width / 2 + 2), plot.right - width / 2 - 2);
    // A text is seldom as wide as its room: anchored at its dot it stands beside it all the same.
    const spot = (
      [
        { anchor: 'start', at: x + gap, left: x + gap, y },
        { anchor: 'end', at: x - gap, left: x - gap - width, y },
        { anchor: 'middle', at: middle, left: middle - width / 2, y: y - gap - 7 },
        { anchor: 'middle', at: middle, left: middle - width / 2, y: y + gap + 7 },
      ] as const
    ).find((one) => {
      const box = boxOf(one.left, one.y, width);
      return isWithin(box, plot) && !taken.some((other) => overlaps(box, other));
    });
    if (spot === undefined) continue;
    taken.push(boxOf(spot.left, spot.y, width));
    marks.push(
      element(
        'text',
        { class: 'dot-label', x: spot.at, y: spot.y + 4, 'text-anchor': spot.anchor },
        shown === text ? '' : element('title', {}, text),
        shown,
      ),
    );
  }
  return marks;
}

function boxOf(left: number, middle: number, width: number): Box {
  return { left, right: left + width, top: middle - 9, bottom: middle + 9 };
}

function isWithin(inner: Box, outer: Box): boolean {
  return (
    inner.left >= outer.left &&
    inner.right <= outer.right &&
    inner.top >= outer.top &&
    inner.bottom <= outer.bottom
  );
}

function overlaps(a: Box, b: Box): boolean {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}

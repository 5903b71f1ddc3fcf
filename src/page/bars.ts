import { type Described, drawing, FONT, type LegendEntry, legend } from './drawing.ts';
import { element, type Markup } from './markup.ts';
import { shorten, textWidth } from './text.ts';

/** A bar: how long, and that in words. */
export interface Bar {
  /** Class of its colour. */
  readonly classes: string;
  /** 0 or more; what is not is drawn as nothing. */
  readonly value: number;
  readonly says: string;
}

export interface BarRow {
  /** Escaped by the drawing; may be of any length. */
  readonly label: string;
  readonly bars: readonly Bar[];
}

/** Rows of bars that have one scale, which begins at 0: what there was before beside what there is after. */
export interface BarChart extends Described {
  readonly rows: readonly BarRow[];
  readonly legend: readonly LegendEntry[];
}

const BAR = 11;
const BAR_STEP = 16;

/**
 * Draws rows of bars with what they say at the right.
 * @param stacked puts labels above their bars instead of beside them, for narrow places.
 */
export function barChart(chart: BarChart, width: number, stacked: boolean): Markup {
  const { rows } = chart;
  const bars = rows.flatMap((row) => row.bars);
  const most = Math.max(0, ...bars.map(({ value }) => value).filter(Number.isFinite));
  const saysWidth = Math.max(0, ...bars.map(({ says }) => textWidth(says))) * FONT;
  const longest = Math.max(0, ...rows.map(({ label }) => textWidth(label))) * FONT;
  const labelWidth = stacked ? width - 4 : Math.min(longest, width * 0.32);
  const left = stacked ? 2 : labelWidth + 14;
  const right = Math.max(left + 20, width - saysWidth - 14);
  const key = legend(chart.legend, width);
  let y = key.height + 6;
  const drawn = rows.map((row) => {
    const shown = shorten(row.label, labelWidth / FONT);
    const middle = (row.bars.length * BAR_STEP) / 2;
    const textAt = stacked ? y + FONT : y + middle + 4;
    const first = stacked ? y + 18 : y;
    y = first + row.bars.length * BAR_STEP + 12;
    return element(
      'g',
      {},
      element('text', { x: 2, y: textAt }, shown === row.label ? '' : element('title', {}, row.label), shown),
      row.bars.map(({ classes, value, says }, at) => {
        const top = first + at * BAR_STEP;
        const length = value > 0 && most > 0 ? Math.max(1, (value / most) * (right - left)) : 0;
        return element(
          'g',
          { class: `series ${classes}` },
          length > 0
            ? element('rect', { class: 'bar', x: left, y: top + 2, width: length, height: BAR })
            : '',
          element('text', { class: 'says', x: width - 2, y: top + 12, 'text-anchor': 'end' }, says),
        );
      }),
    );
  });
  return drawing(chart, width, Math.max(y - 4, 20), [
    ...key.marks,
    element('line', {
      class: 'axis-line',
      x1: left,
      x2: left,
      y1: key.height + 2,
      y2: Math.max(key.height + 2, y - 8),
    }),
    element('rect', {
      class: 'plot',
      x: left,
      y: key.height,
      width: right - left,
      height: Math.max(0, y - key.height),
    }),
    ...drawn,
  ]);
}

import { coordinate, element, type Markup } from './markup.ts';
import type { Scale } from './scale.ts';
import { textWidth } from './text.ts';

/** Height of a letter, in the units of a drawing: as the style sheet has it. */
export const FONT = 12;

/** What every chart says of itself, for those who cannot see it. */
export interface Described {
  /** Unique in its page. */
  readonly id: string;
  readonly title: string;
  readonly description: string;
}

/**
 * An SVG drawing with its title and description. It is as wide as the place it stands in.
 * @param width of the drawing in its own units, of which a letter is {@link FONT} high.
 */
export function drawing(
  { id, title, description }: Described,
  width: number,
  height: number,
  children: readonly Markup[],
): Markup {
  return element(
    'svg',
    {
      viewBox: `0 0 ${coordinate(width)} ${coordinate(height)}`,
      role: 'img',
      'aria-labelledby': `${id}-title ${id}-description`,
    },
    element('title', { id: `${id}-title` }, title),
    element('desc', { id: `${id}-description` }, description),
    children,
  );
}

/** What curves and marks lie in. */
export function plotFrame(left: number, right: number, top: number, bottom: number): Markup {
  const width = Math.max(0, right - left);
  return element('rect', { class: 'plot', x: left, y: top, width, height: bottom - top });
}

/** A line across the plot with its number to the left of it. */
export function yTick(at: number, left: number, right: number, text: string): Markup {
  return element(
    'g',
    { class: 'tick' },
    element('line', { x1: left, x2: right, y1: at, y2: at }),
    element('text', { x: left - 6, y: at + 4, 'text-anchor': 'end' }, text),
  );
}

/** Ticks under the plot with their numbers. */
export function xTicks(x: Scale, bottom: number, format: (value: number) => string): Markup[] {
  return x.ticks.map((tick) => {
    const at = x.place(tick);
    return element(
      'g',
      { class: 'tick' },
      element('line', { x1: at, x2: at, y1: bottom, y2: bottom + 4 }),
      element('text', { x: at, y: bottom + 17, 'text-anchor': 'middle' }, format(tick)),
    );
  });
}

/** What a colour or a line of a chart means. */
export interface LegendEntry {
  readonly classes: string;
  readonly kind: 'dot' | 'line';
  readonly text: string;
}

/** A legend from the upper left corner on, in as many lines as it needs, and its height. */
export function legend(
  entries: readonly LegendEntry[],
  width: number,
): { readonly marks: readonly Markup[]; readonly height: number } {
  let x = 2;
  let y = 12;
  const marks = entries.map(({ classes, kind, text }) => {
    const needed = 20 + textWidth(text) * FONT + 18;
    if (x > 2 && x + needed > width) {
      x = 2;
      y += 18;
    }
    const mark =
      kind === 'line'
        ? element('path', { class: 'guide', d: `M${coordinate(x)} ${coordinate(y - 4)}h14` })
        : element('rect', { class: 'bar', x: x + 1, y: y - 9, width: 10, height: 10 });
    const markup = element(
      'g',
      { class: `series ${classes}` },
      mark,
      element('text', { class: 'key', x: x + 20, y }, text),
    );
    x += needed;
    return markup;
  });
  return { marks, height: entries.length === 0 ? 0 : y + 8 };
}

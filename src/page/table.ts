import { type Child, element, type Markup } from './markup.ts';

/** Attributes of a cell that holds a number. */
export const NUMBER: { readonly class: 'figure' } = { class: 'figure' };

/** A table of rows that lie in one or more bodies. */
export function table(caption: string, head: readonly Markup[], ...bodies: readonly Markup[]): Markup {
  return element(
    'table',
    {},
    element('caption', {}, caption),
    element('thead', {}, element('tr', {}, head)),
    bodies,
  );
}

/** The head of a column; numbers are set to the right. */
export function column(text: string, isNumber = false): Markup {
  return element('th', { scope: 'col', class: isNumber ? 'figure' : undefined }, text);
}

/** The head of a row. */
export function rowHead(...children: readonly Child[]): Markup {
  return element('th', { scope: 'row' }, ...children);
}

/** A row that names those under it. */
export function groupHead(text: string, columns: number): Markup {
  return element('tr', {}, element('th', { scope: 'rowgroup', colspan: columns }, text));
}

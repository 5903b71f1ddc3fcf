/** Text that is markup already. Only {@link element} makes it, so that no text from outside gets into a page unescaped. */
export interface Markup {
  readonly markup: string;
}

/** What an element holds: text, which is escaped, or markup. */
export type Child = string | Markup | readonly Markup[];

/** Text as it may stand in an element or in a quoted attribute. */
function escapeText(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/**
 * An element of HTML or SVG, well-formed as XML too.
 * @param attributes numbers are written with at most 2 decimals; undefined ones are left out.
 */
export function element(
  name: string,
  attributes: Readonly<Record<string, string | number | undefined>>,
  ...children: readonly Child[]
): Markup {
  const written = Object.entries(attributes).map(([key, value]) =>
    value === undefined
      ? ''
      : ` ${key}="${typeof value === 'number' ? coordinate(value) : escapeText(value)}"`,
  );
  const inside = children.map((child) => inner(child)).join('');
  const isVoid = inside === '' && VOID.has(name);
  return { markup: `<${name}${written.join('')}${isVoid ? '/>' : `>${inside}</${name}>`}` };
}

/** Elements that may hold nothing, of those that are used. */
const VOID: ReadonlySet<string> = new Set(['meta', 'br', 'path', 'line', 'rect']);

function inner(child: Child): string {
  if (typeof child === 'string') return escapeText(child);
  return 'markup' in child ? child.markup : child.map(({ markup }) => markup).join('');
}

/** A sentence with numbers as print has them: with the sign for minus, and no percent sign alone on a line. */
export function typeset(text: string): string {
  return text
    .replace(/-(?=\d)/g, (dash, at: number) => (/[\p{L}\p{N}]/u.test(text[at - 1] ?? '') ? dash : '−'))
    .replaceAll(' %', '\u00A0%');
}

/** A number of a drawing, with at most 2 decimals. */
export function coordinate(value: number): string {
  const rounded = Math.round(value * 100) / 100;
  // -0 is written "0".
  return String(rounded === 0 ? 0 : rounded);
}

import { type Child, element, type Markup } from './markup.ts';
import { BASE_STYLE } from './style.ts';

/** What a page is made of. */
export interface Page {
  /** For the tab of a browser. */
  readonly title: string;
  readonly heading: string;
  /** What the page is, in a sentence or two. */
  readonly lead: string;
  readonly sections: readonly Markup[];
  readonly footer: string;
  /** What this kind of page adds to the common style sheet; no text from outside. */
  readonly style: string;
}

/**
 * A whole page of HTML in one file. It has no script and loads nothing, and its policy would stop what tried; it is well-formed as XML too.
 * Equal parts give equal bytes.
 */
export function htmlPage({ title, heading, lead, sections, footer, style }: Page): string {
  const head = element(
    'head',
    {},
    element('meta', { charset: 'utf-8' }),
    element('meta', {
      'http-equiv': 'Content-Security-Policy',
      content: "default-src 'none'; style-src 'unsafe-inline'",
    }),
    element('meta', { name: 'viewport', content: 'width=device-width, initial-scale=1' }),
    element('meta', { name: 'color-scheme', content: 'light dark' }),
    element('title', {}, title),
    // Quotes are not escaped in a style sheet; it has none of the characters that would have to be.
    { markup: `<style>${BASE_STYLE}${style}</style>` },
  );
  const body = element(
    'body',
    {},
    element(
      'main',
      {},
      element('header', {}, element('h1', {}, heading), element('p', { class: 'lead' }, lead)),
      sections,
      element('footer', {}, footer),
    ),
  );
  return `<!DOCTYPE html>\n<html lang="en">${head.markup}${body.markup}</html>\n`;
}

/** A part of a page under a heading of its own. */
export function section(id: string, heading: string, ...children: readonly Child[]): Markup {
  return element('section', { 'aria-labelledby': id }, element('h2', { id }, heading), ...children);
}

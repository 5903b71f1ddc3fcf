import { accessSync, constants, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium } from 'playwright-core';
import { afterAll, beforeAll } from 'vitest';

function findChromium(): string | undefined {
  const named = process.env['SLUICE_TEST_CHROMIUM'];
  const paths = (process.env['PATH'] ?? '').split(delimiter);
  const names = ['chromium', 'chromium-browser', 'google-chrome'];
  const candidates =
    named === undefined ? names.flatMap((name) => paths.map((path) => join(path, name))) : [named];
  return candidates.find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** Where Chromium is; undefined where it is not, and what needs it is skipped. */
export const executable: string | undefined = findChromium();
if (executable === undefined) {
  process.stdout.write(
    'skipped: pages in a browser, as no Chromium was found (SLUICE_TEST_CHROMIUM names one)\n',
  );
}

/** What is wrong with a page as it is laid out; runs in the browser, so it is a text there and knows nothing of this file. */
export const LOOK: string = `(() => {
  const wrong = [];
  for (const folded of document.querySelectorAll('details')) folded.open = true;
  const seen = (node) => node.getClientRects().length > 0;
  const charts = [...document.querySelectorAll('svg')].filter(seen);
  const root = document.documentElement;
  if (root.scrollWidth > root.clientWidth) wrong.push('scrolls sideways: ' + root.scrollWidth + ' of ' + root.clientWidth);
  for (const node of document.querySelectorAll('main *')) {
    if (seen(node) && !node.closest('svg') && node.getBoundingClientRect().right > root.clientWidth + 0.5) {
      wrong.push('sticks out: ' + node.tagName + ' ' + node.textContent.slice(0, 40));
    }
  }
  let curves = 0;
  for (const chart of charts) {
    const name = chart.querySelector('title').textContent;
    const frame = chart.getBoundingClientRect();
    const plot = chart.querySelector('.plot').getBBox();
    const texts = [...chart.querySelectorAll('text')].map((node) => ({ node, box: node.getBoundingClientRect() }));
    for (const [at, { node, box }] of texts.entries()) {
      const says = name + ': "' + node.lastChild.textContent + '"';
      if (box.left < frame.left - 0.5 || box.right > frame.right + 0.5 || box.top < frame.top - 0.5 || box.bottom > frame.bottom + 0.5) {
        wrong.push(says + ' leaves the chart');
      }
      for (const other of texts.slice(at + 1)) {
        // Boxes are those of lines, with room above and below the letters.
        const room = 2.5 * frame.width / chart.viewBox.baseVal.width;
        if (
          box.left < other.box.right && other.box.left < box.right &&
          box.top + room < other.box.bottom - room && other.box.top + room < box.bottom - room
        ) wrong.push(says + ' overlaps "' + other.node.lastChild.textContent + '"');
      }
      const size = parseFloat(getComputedStyle(node).fontSize) * frame.width / chart.viewBox.baseVal.width;
      if (size < 9.5) wrong.push(says + ' is ' + size + ' px small');
    }
    for (const curve of chart.querySelectorAll('.curve')) {
      curves++;
      if (curve.getTotalLength() < 1) wrong.push(name + ': a curve has no length');
      const box = curve.getBBox();
      if (
        box.x < plot.x - 1 || box.y < plot.y - 6 ||
        box.x + box.width > plot.x + plot.width + 1 || box.y + box.height > plot.y + plot.height + 6
      ) wrong.push(name + ': a curve leaves its plot');
      const style = getComputedStyle(curve);
      if (style.stroke === 'none' || style.stroke === getComputedStyle(document.body).backgroundColor) {
        wrong.push(name + ': a curve cannot be seen');
      }
    }
    for (const mark of chart.querySelectorAll('.mark')) {
      const box = mark.getBoundingClientRect();
      if (box.left < frame.left || box.right > frame.right || box.top < frame.top || box.bottom > frame.bottom) {
        wrong.push(name + ': a marker leaves the chart');
      }
    }
  }
  return { charts: charts.length, curves, wrong };
})()`;

/** Ratios of contrast (WCAG 2.1, 1.4.3) between each kind of text and what lies behind it, and of curves. */
export const CONTRAST: string = `(() => {
  const light = (text) => {
    const [red, green, blue] = text.match(/[\\d.]+/g).map((part) => {
      const value = Number(part) / 255;
      return value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const ratio = (a, b) => (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  const behind = (node) => {
    for (let at = node; at; at = at.parentElement) {
      const colour = getComputedStyle(at).backgroundColor;
      if (colour !== 'rgba(0, 0, 0, 0)') return light(colour);
    }
    return NaN;
  };
  const texts = [...document.querySelectorAll('p,li,h1,h2,h3,td,th,small,caption,figcaption,summary,footer,dt,dd,strong')]
    .filter((node) => node.getClientRects().length > 0)
    .map((node) => ratio(light(getComputedStyle(node).color), behind(node)));
  const labels = [...document.querySelectorAll('svg text')].map((node) => ratio(light(getComputedStyle(node).fill), behind(node)));
  const curves = [...document.querySelectorAll('.curve')].map((node) => ratio(light(getComputedStyle(node).stroke), behind(node)));
  return { text: Math.min(...texts, ...labels), curves: Math.min(...curves) };
})()`;

/** Opens a page, asks it questions and says what went past the file itself. */
export type Look = (
  name: string,
  html: string,
  width: number,
  scheme: 'light' | 'dark',
  questions: readonly string[],
  media?: 'screen' | 'print',
) => Promise<{ answers: unknown[]; requests: string[]; messages: string[] }>;

/** A browser for the tests of a suite, closed after them. */
export function useBrowser(): Look {
  let browser: Browser;
  let directory: string;

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'sluice-page-'));
    browser = await chromium.launch({
      executablePath: executable!,
      // Chromium does not sandbox what root starts; the page is ours.
      args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
    });
  });

  afterAll(async () => {
    await browser?.close();
    rmSync(directory, { recursive: true, force: true });
  });

  return async (name, html, width, scheme, questions, media = 'screen') => {
    const file = join(directory, `${name}.html`);
    writeFileSync(file, html);
    const url = pathToFileURL(file).href;
    const page = await browser.newPage({ viewport: { width, height: 900 } });
    const requests: string[] = [];
    const messages: string[] = [];
    page.on('console', (message) => messages.push(message.text()));
    page.on('pageerror', (error) => messages.push(String(error)));
    await page.route('**/*', async (route) => {
      if (route.request().url() === url) return route.continue();
      requests.push(route.request().url());
      return route.abort();
    });
    await page.emulateMedia({ media, colorScheme: scheme });
    await page.goto(url);
    const answers: unknown[] = [];
    for (const question of questions) answers.push(await page.evaluate(question));
    await page.close();
    return { answers, requests, messages };
  };
}

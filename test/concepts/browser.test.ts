import { describe, expect, test } from 'vitest';
import { curationPage } from '../../src/concepts/page.ts';
import { CONTRAST, executable, LOOK, useBrowser } from '../page/browser.ts';
import { exampleCuration } from './example-curation.ts';

// The page of a curation as a browser shows it. Runs where Chromium is installed; SLUICE_TEST_CHROMIUM names another one.

const page = (concepts: number): string =>
  curationPage({ curation: exampleCuration(concepts), inputs: [{ path: 'data/a.parquet' }] }, '0.1.0');

/** Dots and bars that leave their plot, and contrasts (WCAG 2.1, 1.4.11) of what is drawn; runs in the browser. */
const DRAWN = `(() => {
  const wrong = [];
  let dots = 0;
  for (const chart of [...document.querySelectorAll('svg')].filter((node) => node.getClientRects().length > 0)) {
    const plot = chart.querySelector('.plot').getBBox();
    const name = chart.querySelector('title').textContent;
    for (const path of chart.querySelectorAll('.dots')) {
      const box = path.getBBox();
      const half = parseFloat(path.getAttribute('stroke-width')) / 2;
      dots += path.getAttribute('d').split('M').length - 1;
      if (box.x - half < plot.x - 1 || box.y - half < plot.y - 1 || box.x + box.width + half > plot.x + plot.width + 1 || box.y + box.height + half > plot.y + plot.height + 1)
        wrong.push(name + ': dots leave their plot');
    }
    for (const bar of chart.querySelectorAll('g > g > .bar')) {
      const box = bar.getBBox();
      if (box.x < plot.x - 1 || box.x + box.width > plot.x + plot.width + 1 || box.y + box.height > plot.y + plot.height)
        wrong.push(name + ': a bar leaves its plot');
    }
  }
  const light = (text) => {
    const [red, green, blue] = text.match(/[\\d.]+/g).map((part) => {
      const value = Number(part) / 255;
      return value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const ground = light(getComputedStyle(document.body).backgroundColor);
  const ratio = (colour) => {
    const [a, b] = [light(colour), ground];
    return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  };
  const bars = [...document.querySelectorAll('.bar')].map((node) => ratio(getComputedStyle(node).fill));
  const guides = [...document.querySelectorAll('.guide')].map((node) => ratio(getComputedStyle(node).stroke));
  return { wrong, dots, contrast: Math.min(...bars, ...guides) };
})()`;

interface Drawn {
  readonly wrong: readonly string[];
  readonly dots: number;
  readonly contrast: number;
}

describe.skipIf(executable === undefined)('in a browser', () => {
  const look = useBrowser();

  test.each([
    [5, 400],
    [100, 1280],
    [4096, 400],
    [4096, 1280],
  ])(
    'a curation of %d concepts fits into a width of %d pixels, and no label lies upon another or outside of its chart',
    async (concepts, width) => {
      const questions = [LOOK, DRAWN];
      const { answers, requests, messages } = await look('fit', page(concepts), width, 'light', questions);
      const [{ charts, wrong }, drawn] = answers as [{ charts: number; wrong: string[] }, Drawn];
      expect([...wrong, ...drawn.wrong]).toEqual([]);
      expect(charts).toBe(7);
      expect(drawn.dots).toBe(2 * concepts);
      expect({ requests, messages }).toEqual({ requests: [], messages: [] });
    },
  );

  test.each(['light', 'dark'] as const)(
    'text and drawings stand out from the ground in the %s scheme',
    async (scheme) => {
      const { answers } = await look('contrast', page(100), 1280, scheme, [
        `document.querySelectorAll('details').forEach((one) => { one.open = true; })`,
        CONTRAST,
        DRAWN,
      ]);
      const [, { text }, { contrast }] = answers as [unknown, { text: number }, Drawn];
      // What WCAG asks of text (1.4.3) and of graphics (1.4.11).
      expect(text).toBeGreaterThanOrEqual(4.5);
      expect(contrast).toBeGreaterThanOrEqual(3);
    },
  );

  test('on paper nothing is cut off', async () => {
    // 210 mm less 20 mm at 96 points an inch.
    const { answers } = await look('paper', page(100), 718, 'dark', [LOOK, DRAWN], 'print');
    expect(answers).toMatchObject([{ charts: 7, wrong: [] }, { wrong: [] }]);
  });
});

import { accessSync, constants, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { provePage } from '../../src/proof/page.ts';
import { ABLATION, type Example, exampleProof, MANY, SMALL } from './example-proof.ts';

// The page as a browser shows it. Runs where Chromium is installed; SLUICE_TEST_CHROMIUM names another one.

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

const executable = findChromium();
if (executable === undefined) {
  process.stdout.write(
    'skipped: the page of a proof in a browser, as no Chromium was found (SLUICE_TEST_CHROMIUM names one)\n',
  );
}

/** What is wrong with a page as it is laid out; runs in the browser, so it is a text there and knows nothing of this file. */
const LOOK = `(() => {
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
const CONTRAST = `(() => {
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

describe.skipIf(executable === undefined)('in a browser', () => {
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

  /** Opens a page, asks it questions and says what went past the file itself. */
  async function look(
    name: string,
    html: string,
    width: number,
    scheme: 'light' | 'dark',
    questions: readonly string[],
    media: 'screen' | 'print' = 'screen',
  ): Promise<{ answers: unknown[]; requests: string[]; messages: string[] }> {
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
  }

  // Charts that are seen, of each proxy: one over all sets, one of each set, one of sizes, one of differences, and two of steps.
  const examples: readonly (readonly [string, Example, number])[] = [
    ['a curated set', SMALL, 14],
    ['an ablation', ABLATION, 18],
    ['ten arms with names of all lengths', MANY, 14],
  ];

  describe.each(examples)('%s', (name, example, expected) => {
    test.each([400, 1280])(
      'fits into a width of %d pixels, and every curve and label is where it belongs',
      async (width) => {
        const html = provePage(exampleProof(example), '0.1.0');
        const { answers, requests, messages } = await look(name, html, width, 'light', [LOOK]);
        const [{ charts, curves, wrong }] = answers as [{ charts: number; curves: number; wrong: string[] }];
        expect(wrong).toEqual([]);
        expect(charts).toBe(expected);
        expect(curves).toBeGreaterThan(charts);
        expect({ requests, messages }).toEqual({ requests: [], messages: [] });
      },
    );
  });

  test.each(['light', 'dark'] as const)(
    'text and curves stand out from the ground in the %s scheme',
    async (scheme) => {
      const html = provePage(exampleProof(MANY), '0.1.0');
      const { answers } = await look('contrast', html, 1280, scheme, [
        CONTRAST,
        'getComputedStyle(document.body).backgroundColor',
      ]);
      const [{ text, curves }, ground] = answers as [{ text: number; curves: number }, string];
      expect(ground).toBe(scheme === 'light' ? 'rgb(255, 255, 255)' : 'rgb(21, 23, 26)');
      // What WCAG asks of text (1.4.3) and of graphics (1.4.11).
      expect(text).toBeGreaterThanOrEqual(4.5);
      expect(curves).toBeGreaterThanOrEqual(3);
    },
  );

  test('on paper the page is light, as wide as A4 between its margins, and nothing of it is cut off', async () => {
    const html = provePage(exampleProof(ABLATION), '0.1.0');
    const questions = [LOOK, 'getComputedStyle(document.body).backgroundColor'];
    // 210 mm less 20 mm at 96 points an inch.
    const { answers } = await look('paper', html, 718, 'dark', questions, 'print');
    expect(answers).toMatchObject([{ charts: 18, wrong: [] }, 'rgb(255, 255, 255)']);
  });

  test('names that are markup change nothing, run nothing and load nothing', async () => {
    const hostile = `</svg></title><script>console.log('ran')</script><img src="http://sluice.invalid/x.png" onerror="console.log('ran')">`;
    const proof = exampleProof({
      ...SMALL,
      arms: SMALL.arms.map((arm) => (arm.name === 'clean' ? { ...arm, name: hostile } : arm)),
      sets: [hostile, 'b', 'c', 'd'],
      pairs: SMALL.pairs.map(([arm, against]) => [arm === 'clean' ? hostile : arm, against]),
    });
    const { answers, requests, messages } = await look('hostile', provePage(proof, '0.1.0'), 400, 'light', [
      LOOK,
      `document.querySelectorAll('script, img').length`,
    ]);
    expect((answers[0] as { wrong: string[] }).wrong).toEqual([]);
    expect(answers[1]).toBe(0);
    expect({ requests, messages }).toEqual({ requests: [], messages: [] });
  });

  test('a browser that reads the page as XML finds no fault', async () => {
    const html = provePage(exampleProof(ABLATION), '0.1.0');
    const { answers } = await look('xml', html, 400, 'light', [
      `new DOMParser().parseFromString(${JSON.stringify(html)}, 'application/xml').querySelectorAll('parsererror').length`,
      `new DOMParser().parseFromString('<p>&</p>', 'application/xml').querySelectorAll('parsererror').length`,
    ]);
    expect(answers).toEqual([0, 1]);
  });

  test('the policy of the page would stop a script and a picture, were they there', async () => {
    const html = provePage(exampleProof(), '0.1.0').replace(
      '<main>',
      '<main><script>document.title = "ran"</script><img src="http://sluice.invalid/x.png">',
    );
    const { answers, requests, messages } = await look('policy', html, 400, 'light', ['document.title']);
    expect(answers).toEqual(['clean against raw: proof of value']);
    expect(requests).toEqual([]);
    expect(messages.filter((message) => message.includes('Content Security Policy'))).toHaveLength(2);
  });
});

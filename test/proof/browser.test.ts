import { describe, expect, test } from 'vitest';
import { provePage } from '../../src/proof/page.ts';
import { CONTRAST, executable, LOOK, useBrowser } from '../page/browser.ts';
import { ABLATION, type Example, exampleProof, MANY, SMALL } from './example-proof.ts';

// The page as a browser shows it. Runs where Chromium is installed; SLUICE_TEST_CHROMIUM names another one.

describe.skipIf(executable === undefined)('in a browser', () => {
  const look = useBrowser();

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

import { expect, test } from 'vitest';
import { provePage } from '../../src/proof/page.ts';
import type { Interval, Proof } from '../../src/proof/proof.ts';
import { checkMarkup, textOf } from '../page/page-reader.ts';
import { ABLATION, exampleProof, MANY, SMALL } from './example-proof.ts';

const HOSTILE = [
  '</svg><script>alert(1)</script>',
  `"><img src=x onerror='alert(1)'>`,
  '</style></title>&lt;b&gt;',
  '\u001B[2J\u202Eevil\u0000',
  '',
];

/** The example with other names for its arms and sets. */
function renamed(names: readonly string[]): Proof {
  const arms = SMALL.arms.map((arm, at) => ({ ...arm, name: `${names[at % names.length]}${at}` }));
  const rename = new Map(SMALL.arms.map(({ name }, at) => [name, arms[at]!.name]));
  const proof = exampleProof({
    ...SMALL,
    arms,
    sets: SMALL.sets.map((_, at) => `${names[at % names.length]} ${at}`),
    pairs: SMALL.pairs.map(([arm, against]) => [rename.get(arm)!, rename.get(against)!]),
    worth: { [arms[1]!.name]: 0.4 },
    proxies: SMALL.proxies.map((proxy) => ({ ...proxy, label: `${proxy.label} ${names[0]}` })),
  });
  return {
    ...proof,
    arms: proof.arms.map((arm) => ({ ...arm, input: names })),
    heldOut: proof.heldOut.map((set) => ({ ...set, input: names })),
    cautions: names,
  };
}

/** The example with all its numbers put through a function. */
function withNumbers(change: (interval: Interval) => Interval): Proof {
  return JSON.parse(JSON.stringify(exampleProof()), (_, value: unknown) =>
    typeof value === 'object' && value !== null && 'low' in value
      ? { ...value, ...change(value as unknown as Interval) }
      : value,
  ) as Proof;
}

const ODD: Readonly<Record<string, Proof>> = {
  'an ablation': exampleProof(ABLATION),
  'ten arms': exampleProof(MANY),
  'one arm and nothing compared': exampleProof({
    ...SMALL,
    arms: [{ name: 'raw', role: 'baseline' }],
    pairs: [],
  }),
  'no arm at all': exampleProof({ ...SMALL, arms: [], pairs: [] }),
  'no held-out set': exampleProof({ ...SMALL, sets: [] }),
  'no proxy': exampleProof({ ...SMALL, proxies: [] }),
  'models of one size': exampleProof({
    ...SMALL,
    proxies: [{ name: 'log-linear', label: 'byte model', parameters: [4096] }],
  }),
  'n-grams alone': exampleProof({ ...SMALL, proxies: SMALL.proxies.slice(0, 1) }),
  'a handful of tokens': exampleProof({ ...SMALL, tokens: 8 }),
  'amounts that are not round': exampleProof({ ...SMALL, tokens: 31_234_568 }),
  'losses all equal': withNumbers(() => ({ value: 2, low: 2, high: 2 })),
  'losses of zero': withNumbers(() => ({ value: 0, low: 0, high: 0 })),
  'intervals as narrow as numbers are': withNumbers(({ value }) => ({
    value,
    low: value - Number.EPSILON,
    high: value + Number.EPSILON,
  })),
  // What JSON makes of numbers that are none.
  'numbers that are not known': withNumbers(() => null as unknown as Interval),
  'curves that miss their points': {
    ...exampleProof(),
    curves: exampleProof().curves.map((curve) => ({ ...curve, fit: { E: Number.NaN, B: 1e300, beta: -9 } })),
  },
  'curves of no points': {
    ...exampleProof(),
    curves: exampleProof().curves.map((curve) => ({ ...curve, points: [] })),
    sizes: exampleProof().sizes.map((size) => ({ ...size, points: [] })),
  },
  'hostile names': renamed(HOSTILE),
};

test.each(Object.entries(ODD))(
  'a page of %s is well-formed, has no number that is none, and is the same twice',
  (_, proof) => {
    const page = provePage(proof, '0.1.0');
    checkMarkup(page);
    expect(page.match(/.{0,60}(NaN|Infinity|undefined|null|\[object).{0,20}/)).toBeNull();
    expect(provePage(structuredClone(proof), '0.1.0') === page).toBe(true);
  },
);

test('each of the three numbers stands with its interval and the name of its proxy', () => {
  const proof = exampleProof();
  const page = provePage(proof, '0.1.0');
  const blocks = [...page.matchAll(/<p class="number">(.*?)<\/p><p class="name">(.*?)<\/p>/g)].map(
    ([, number, name]) => [textOf(number!), textOf(name!)],
  );
  const expected = proof.comparisons
    .filter(({ arm }) => arm === 'clean')
    .flatMap(({ proxy, faster, better, smaller }) => {
      const under = proxy === 'ngram' ? 'under a byte 5-gram' : 'under a hashed log-linear byte model';
      const unit = proxy === 'ngram' ? 'n-grams' : 'parameters';
      const said = ({ value, low, high }: Interval, digits: number): string =>
        `${value.toFixed(digits)} ${low.toFixed(digits)} to ${high.toFixed(digits)}`;
      return [
        [said(faster, 2), `compute multiplier ${under}`],
        [said(better, 3), `bits per byte lower at equal tokens ${under}`],
        [said(smaller!, 2), `model size multiplier (${unit}) ${under}`],
      ];
    });
  expect(expected).toHaveLength(6);
  expect(blocks).toEqual(expected);
});

test('what got worse comes before every other number', () => {
  const proof = exampleProof();
  const text = textOf(provePage(proof, '0.1.0').split('<body>')[1]!);
  const worse = proof.worse.map(
    ({ better }) =>
      `: on forums by ${(-better.value).toFixed(3)} bits per byte (${(-better.high).toFixed(3)} to ${(-better.low).toFixed(3)})`,
  );
  expect(worse).toHaveLength(2);
  for (const says of worse) {
    expect(text).toContain(says);
    expect(text.indexOf(says)).toBeLessThan(text.indexOf('Faster'));
    expect(text.indexOf(says)).toBeLessThan(text.indexOf('compute multiplier'));
  }
});

test('where nothing got worse, that is what comes first', () => {
  const text = textOf(provePage(exampleProof(ABLATION), '0.1.0').split('<body>')[1]!);
  expect(text).toContain('On no held-out set is a data set worse than what it was compared with');
  expect(text.indexOf('On no held-out set')).toBeLessThan(text.indexOf('Faster'));
});

test('bounds are said as bounds, numbers and intervals alike', () => {
  const text = textOf(provePage(exampleProof(MANY), '0.1.0'));
  expect(text).toContain('> 8 7.20 to > 8 compute multiplier under a byte 5-gram');
  expect(text).toContain('needs more than 8 times fewer tokens to reach the same loss');
});

test('a size multiplier that was not measured says so', () => {
  const text = textOf(provePage(ODD['models of one size']!, '0.1.0'));
  expect(text).toContain('not measured model size multiplier (parameters) under a byte model');
  // Of n-grams there are always several sizes; what may be missing is a bound that says something.
  const proof = exampleProof(SMALL);
  const comparisons = proof.comparisons.map((comparison) => ({ ...comparison, smaller: undefined }));
  const unknown = textOf(provePage({ ...proof, comparisons }, '0.1.0'));
  expect(unknown).toMatch(/not known model size multiplier \(n-grams\) under a byte 5-gram only a bound/);
});

test('the page loads nothing and runs nothing', () => {
  for (const proof of Object.values(ODD)) {
    const page = provePage(proof, '0.1.0');
    const tags = page.match(/<[^>]*>/g)!.join('\n');
    expect(
      tags.match(
        /\b(src|href|srcset|action|data|background|on\w+)=|<(script|link|img|iframe|object|base)\b/i,
      ),
    ).toBeNull();
    expect(page.match(/https?:|@import|url\(/i)).toBeNull();
    // The policy has to stand before what it is to rule.
    expect(
      page.indexOf(`content="default-src &#39;none&#39;; style-src &#39;unsafe-inline&#39;"`),
    ).toBeGreaterThan(0);
    expect(page.indexOf('Content-Security-Policy')).toBeLessThan(page.indexOf('<style>'));
  }
});

test('names from outside are text, and no control character of theirs is left', () => {
  const page = provePage(renamed(HOSTILE), '0.1.0');
  expect(page).not.toContain('<script');
  expect(page).not.toContain('<img');
  expect(page.match(/<\/style>/g)).toHaveLength(1);
  expect(['\u0000', '\u001B', '\u202E'].filter((character) => page.includes(character))).toEqual([]);
  // In full, where there is room for it.
  expect(textOf(page)).toContain('</svg><script>alert(1)</script>0');
  expect(textOf(page)).toContain('\uFFFD[2J\uFFFDevil\uFFFD');
  expect(textOf(page)).toContain('(no name)');
});

test('tables have captions and heads of columns and rows, charts have titles and descriptions of their own', () => {
  const page = provePage(exampleProof(ABLATION), '0.1.0');
  const tables = page.match(/<table>.*?<\/table>/gs)!;
  for (const table of tables) {
    expect(table).toMatch(/^<table><caption>[^<]+<\/caption><thead><tr><th scope="col"/);
    expect(table.match(/<th(?!ead| scope="(col|row|rowgroup)")/)).toBeNull();
    expect(table).toContain('<th scope="row">');
  }
  const ids = [...page.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id!);
  expect(new Set(ids).size).toBe(ids.length);
  const charts = [
    ...page.matchAll(
      /<svg [^>]*role="img" aria-labelledby="(\S+) (\S+)"><title id="(\S+)">[^<]+<\/title><desc id="(\S+)">[^<]+<\/desc>/g,
    ),
  ];
  expect(charts).toHaveLength(page.match(/<svg/g)!.length);
  for (const [, title, description, titleId, descriptionId] of charts) {
    expect([title, description]).toEqual([titleId, descriptionId]);
  }
});

test('there is a chart of each proxy over all sets, one of each set, and one of sizes', () => {
  const page = provePage(exampleProof(), '0.1.0');
  const titles = [...page.matchAll(/<title id="\S+?">([^<]+)<\/title>/g)].map(([, title]) => title!);
  for (const label of ['a byte 5-gram', 'a hashed log-linear byte model']) {
    expect(
      titles.filter((title) => title.startsWith('Loss over training bytes') && title.includes(label)),
    ).toHaveLength(2);
    for (const set of SMALL.sets) {
      expect(titles).toContain(`Loss on ${set} over training bytes under ${label}`);
    }
  }
  expect(titles).toContain('Loss over n-grams held under a byte 5-gram');
  expect(titles).toContain('Loss over parameters under a hashed log-linear byte model');
});

test('controls are said with what they should be, and one that does not cover 1 stands out', () => {
  const proof = exampleProof();
  const good = provePage(proof, '0.1.0');
  expect(good).toContain('>covers 1<');
  expect(good).not.toContain('does not cover 1<');
  const page = provePage(
    {
      ...proof,
      comparisons: proof.comparisons.map((comparison) =>
        comparison.arm === 'random'
          ? { ...comparison, faster: { value: 1.2, low: 1.1, high: 1.3, bound: 'none' } }
          : comparison,
      ),
    },
    '0.1.0',
  );
  expect(page.match(/<strong class="bad">does not cover 1<\/strong>/g)).toHaveLength(2);
  const none = provePage(exampleProof({ ...SMALL, pairs: SMALL.pairs.slice(0, 1) }), '0.1.0');
  expect(textOf(none)).toContain('There are none');
});

test('each held-out set has the loss of each arm and the difference with its interval', () => {
  const proof = exampleProof();
  const page = provePage(proof, '0.1.0');
  for (const [at, set] of SMALL.sets.entries()) {
    const table = textOf(
      new RegExp(`<table><caption>${set}</caption>.*?</table>`, 's').exec(page)![0],
    ).replaceAll('−', '-');
    for (const { arm, sets } of proof.comparisons) {
      const { loss, better } = sets[at]!;
      const digits = (value: number): string => (Math.abs(value) < 0.0005 ? '0.000' : value.toFixed(3));
      expect(table).toContain(
        `${arm} ${loss.value.toFixed(3)} ${loss.low.toFixed(3)} to ${loss.high.toFixed(3)} ` +
          `${digits(better.value)} ${digits(better.low)} to ${digits(better.high)}`,
      );
    }
  }
});

test('each step of an ablation is said by what it is worth, and against the baseline without it', () => {
  const proof = exampleProof(ABLATION);
  const text = textOf(provePage(proof, '0.1.0')).replaceAll('−', '-');
  expect(text).toContain('What each step is worth');
  const steps = proof.comparisons.filter(({ against }) => against.startsWith('without'));
  expect(steps).toHaveLength(6);
  for (const { against, better, faster } of steps) {
    expect(text).toContain(`${against}: ${better.value.toFixed(3).replace('-0.000', '0.000')} (`);
    expect(text).toContain(`${against}: ${faster.value.toFixed(2)} (`);
  }
  expect(textOf(provePage(exampleProof(), '0.1.0'))).not.toContain('What each step is worth');
});

test('the page says what was measured, what was removed, its cautions, and what it cannot show', () => {
  const proof = exampleProof();
  const text = textOf(provePage(proof, '0.1.0'));
  for (const { documents, bytes } of [...proof.arms, ...proof.heldOut]) {
    expect(text).toContain(documents.toLocaleString('en-US'));
    expect(text).toContain(bytes.toLocaleString('en-US'));
  }
  for (const { removed } of proof.heldOut)
    expect(text).toContain(`${removed.exact} exact, ${removed.near} near`);
  expect(text).toContain('1,422 more were not needed');
  expect(text).toContain('4 MiB, 8 MiB, 16 MiB, 32 MiB');
  expect(text).toContain('33,554,432 bytes');
  expect(text).toContain(proof.cautions[0]!);
  expect(text).toContain('about 80\u00A0% of pairs (DataDecide, arXiv 2504.11393)');
  expect(text).toContain('reward the removal of duplicates');
  expect(text).toContain('Sluice 0.1.0');
});

import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { getLIDModel } from 'fasttext.wasm.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CurationError } from '../../src/errors.ts';
import { createFastText, type FastText, loadFastText } from '../../src/filters/fasttext-resource.ts';
import type { Filter, FilterContext, StepOptions } from '../../src/filters/filter.ts';
import { language } from '../../src/filters/language.ts';

const require = createRequire(import.meta.url);
const lid176 = require.resolve('fasttext.wasm.js/dist/models/language-identification/assets/lid.176.ftz');
const small = fileURLToPath(new URL('../kernels/fasttext/fixtures/hs-parts-ngrams.bin', import.meta.url));
const sentences = fileURLToPath(
  new URL('../../../shared/data/langid/lingua-sentences.jsonl.gz', import.meta.url),
);
const hasSentences = existsSync(sentences);
if (!hasSentences) process.stdout.write('no ../shared/data beside the project: real sentences are skipped\n');

/** fastText adds up in 32 bits, and leaves out a label below 1e-5 by a sum of logarithms in 32 bits. */
const TOLERANCE = 1e-4;

async function filterOf(given: StepOptions = {}): Promise<Filter> {
  const defaults = Object.entries(language.options).flatMap(([name, { default: value }]) =>
    value === undefined ? [] : [[name, value] as const],
  );
  const options: StepOptions = { ...Object.fromEntries(defaults), ...given };
  const resources = await language.load!(options);
  // As it arrives in a thread.
  return language.create(options, { resources: structuredClone(resources) } as unknown as FilterContext);
}

function judge(filter: Filter, text: string | Uint8Array): number {
  const bytes = Buffer.concat([Buffer.from('не '), Buffer.from(text), Buffer.from(' не')]);
  const start = Buffer.byteLength('не ');
  return filter.judge({
    bytes,
    start,
    end: bytes.length - start,
    column: undefined,
    replace: () => expect.unreachable('the text stays as it is'),
  });
}

const nameOf = (filter: Filter): string | undefined => filter.labels?.[filter.values![0]!];

const ENGLISH = 'The history of the city begins with a small village at the mouth of the river.';
const FRENCH = "L'histoire de la ville commence avec un petit village à l'embouchure de la rivière.";
const RUSSIAN = 'История города начинается с небольшой деревни в устье реки.';
const SWEDISH = 'Stadens historia börjar med en liten by vid flodens mynning.';

describe('without languages', () => {
  test('keeps what is certain, and says what it is', async () => {
    const filter = await filterOf();
    const found = [ENGLISH, FRENCH, RUSSIAN, SWEDISH].map((text) => [judge(filter, text), nameOf(filter)]);
    expect(found).toEqual([
      [0, 'en'],
      [0, 'fr'],
      [0, 'ru'],
      [0, 'sv'],
    ]);
    expect(language.columns?.({})).toEqual([
      { name: 'language', kind: 'label' },
      { name: 'language_score', kind: 'score' },
    ]);
  });

  test('drops what is not, with the best label and its score', async () => {
    const filter = await filterOf();
    expect(judge(filter, '12 34 zzz')).toBe(1);
    expect(language.reasons({})).toEqual(['language']);
    expect(filter.evidence.detail).toBe(nameOf(filter));
    expect(filter.evidence.statistic).toBe(filter.values![1]);
    expect(filter.evidence.threshold).toBe(0.65);
  });
});

describe('with languages', () => {
  test('keeps a document when any of them is certain', async () => {
    const filter = await filterOf({ languages: ['ru', 'fr'] });
    expect([ENGLISH, FRENCH, RUSSIAN].map((text) => judge(filter, text))).toEqual([1, 0, 0]);
  });

  test('the evidence has the score of the best one asked for, and the label found', async () => {
    const filter = await filterOf({ languages: ['fr', 'sv'] });
    expect(judge(filter, ENGLISH)).toBe(1);
    expect(filter.evidence.detail).toBe('en');
    expect(filter.evidence.statistic).toBeLessThan(0.1);
    expect(filter.values![1]).toBeGreaterThan(0.65);
  });

  test('a language that is second best can be enough', async () => {
    const filter = await filterOf({ languages: ['fr', 'sv'], language_score: 0 });
    judge(filter, `${ENGLISH} ${FRENCH}`);
    expect(judge(filter, `${ENGLISH} ${FRENCH}`)).toBe(0);
  });

  test('one that is not the model’s is a usage error that lists some', async () => {
    await expect(filterOf({ languages: ['en', 'xx'] })).rejects.toMatchObject({ code: 'USAGE' });
    await expect(filterOf({ languages: ['en', 'xx'] })).rejects.toThrow(
      /found "xx"; it has en, ru, de, .* and 164 more/,
    );
    await expect(filterOf({ languages: [] })).rejects.toThrow(/found none/);
  });
});

test('the score must exceed the threshold', async () => {
  const filter = await filterOf({ score_only: true });
  judge(filter, ENGLISH);
  const score = filter.values![1]!;
  const verdicts = [];
  for (const threshold of [score - 1e-9, score, score + 1e-9]) {
    const strict = await filterOf({ language_score: threshold });
    verdicts.push(judge(strict, ENGLISH));
  }
  expect(verdicts).toEqual([0, 1, 1]);
});

test('score_only drops nothing', async () => {
  const filter = await filterOf({ score_only: true, languages: ['fr'] });
  expect([ENGLISH, '12 34', ''].map((text) => judge(filter, text))).toEqual([0, 0, 0]);
});

test('lower case is given to the model where it is asked for', async () => {
  const raw = await filterOf({ score_only: true });
  const lower = await filterOf({ score_only: true, text: 'lower' });
  for (const text of [ENGLISH, RUSSIAN, 'ÀÉÎ ΣΑΣ']) {
    judge(lower, text.toUpperCase());
    judge(raw, text.toUpperCase().toLowerCase());
    expect([...lower.values!]).toEqual([...raw.values!]);
  }
  judge(raw, ENGLISH.toUpperCase());
  judge(lower, ENGLISH.toUpperCase());
  expect(raw.values![1]).not.toBe(lower.values![1]);
});

test('any bytes have a verdict', async () => {
  const filter = await filterOf();
  const lower = await filterOf({ text: 'lower' });
  const texts = [
    Buffer.alloc(0),
    Buffer.from('\0\n\t '),
    Buffer.from([0xff, 0xc3, 0x28, 0x80, 0x80]),
    Buffer.alloc(100_000, 0xe5),
    Buffer.alloc(300_000, 'a'),
  ];
  for (const text of texts) {
    expect([0, 1]).toContain(judge(filter, text));
    expect([0, 1]).toContain(judge(lower, text));
    expect(filter.values![0]).toBeLessThan(176);
  }
});

describe('a model of one’s own', () => {
  test('has its labels', async () => {
    const filter = await filterOf({ model: small, languages: ['cyr', 'han'] });
    expect(judge(filter, 'пра не ко ли')).toBe(0);
    expect(nameOf(filter)).toBe('cyr');
    expect(judge(filter, 'ba ce di fo gu')).toBe(1);
  });

  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-language-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  test('that is missing, a folder, empty or cut off is refused by name', async () => {
    const empty = join(folder, 'empty.bin');
    const cut = join(folder, 'cut.ftz');
    await writeFile(empty, '');
    await writeFile(cut, readFileSync(lid176).subarray(0, 600_000));
    for (const model of [join(folder, 'missing.bin'), folder, empty, cut]) {
      const failure = await filterOf({ model }).catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(CurationError);
      expect(failure).toMatchObject({ code: 'BAD_INPUT' });
      expect((failure as Error).message).toContain(model);
    }
  });
});

describe('against fastText itself, compiled to WebAssembly', () => {
  let rival: Awaited<ReturnType<Awaited<ReturnType<typeof getLIDModel>>['load']>>;
  let model: FastText;
  beforeAll(async () => {
    rival = await (await getLIDModel()).load();
    model = createFastText(await loadFastText(lid176));
  });

  /** Whether the best label is the same and the scores of the best two are. */
  function expectSame(text: string): string {
    const bytes = Buffer.from(text);
    model.read(bytes, 0, bytes.length);
    const best = rival.predict(`${text.replaceAll('\n', ' ')}\n`, 2, 0);
    const label = model.labels[model.best()]!;
    expect(`__label__${label}`, text).toBe(best.get(0)[1]);
    for (let i = 0; i < best.size(); i++) {
      const [score, name] = best.get(i) as [number, string];
      const found = model.scoreOf(model.labels.indexOf(name.replace('__label__', '')));
      expect(Math.abs(found - score), `${text}: ${name}`).toBeLessThan(TOLERANCE);
    }
    best.delete();
    return label;
  }

  test('labels and scores are the same for texts of all kinds', () => {
    const texts = [
      ENGLISH,
      FRENCH,
      RUSSIAN,
      SWEDISH,
      '天地玄黃，宇宙洪荒。日月盈昃，辰宿列張。',
      'สวัสดีชาวโลก',
      '',
    ];
    for (const text of [...texts, texts.join('\n'), texts.join(' ').repeat(300), 'a</s>b </s> ça']) {
      expect(model.labels).toContain(expectSame(text));
    }
  });

  test.skipIf(!hasSentences)(
    'languages of real sentences that are certain are as often right',
    () => {
      const rows = gunzipSync(readFileSync(sentences)).toString().trimEnd().split('\n');
      let known = 0;
      let right = 0;
      // One in ten: 3,700 sentences of 75 languages.
      for (let at = 0; at < rows.length; at += 10) {
        const { lang, text } = JSON.parse(rows[at]!) as { lang: string; text: string };
        const found = expectSame(text);
        if (!model.labels.includes(lang) || model.scoreOf(model.best()) <= 0.65) continue;
        known++;
        if (found === lang) right++;
      }
      // What fastText is right about where it is certain, of all sentences whose language it knows. As each label is fastText's,
      // the share of the sample is that but for chance: five standard deviations of it.
      const expected = 0.9764;
      const deviation = Math.sqrt((expected * (1 - expected)) / known);
      expect(Math.abs(right / known - expected)).toBeLessThan(5 * deviation);
    },
    30_000,
  );
});

import { mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Filter, StepOptions } from '../../src/filters/filter.ts';
import { quality } from '../../src/filters/quality.ts';
import { parseCalibration, rankAmong, serializeCalibration } from '../../src/filters/quality-calibration.ts';
import {
  calibrate,
  measuringOptions,
  needsCalibration,
  sketchFor,
} from '../../src/filters/quality-measure.ts';
import { BucketCounts, fitImportance } from '../../src/kernels/quality/importance.ts';
import { createQualityKernel } from '../../src/kernels/quality/kernel.ts';
import { FeatureSpool, LinearTrainer } from '../../src/kernels/quality/linear-classifier.ts';
import { type QualityModel, serializeModel } from '../../src/kernels/quality/model.ts';
import { PerplexityTrainer } from '../../src/kernels/quality/perplexity.ts';
import { createRuleKernel } from '../../src/kernels/rules/kernel.ts';
import { seeded, useFolder } from '../engine/support.ts';
import { expectations } from '../kernels/fasttext/models.ts';

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const random = seeded(1);
const pick = (words: string): string => {
  const list = words.split(' ');
  return list[Math.floor(random() * list.length)]!;
};
/** Texts that lean to good words as much as `leaning` says, 0 to 1. */
function textOf(leaning: number, length = 80): string {
  const words = Array.from({ length }, () =>
    random() < leaning
      ? pick('theory evidence because history measure reason energy structure')
      : pick('click buy cheap login free subscribe casino now'),
  );
  return `${words.join(' ')}.`;
}
const good = Array.from({ length: 60 }, () => textOf(0.9));
const bad = Array.from({ length: 60 }, () => textOf(0.1));
const mixed = Array.from({ length: 400 }, () => textOf(random(), 30 + Math.floor(random() * 100)));

const models: Record<string, QualityModel> = {};
beforeAll(async () => {
  const kernel = await createQualityKernel([]);
  const spool = new FeatureSpool(12);
  const counts = [new BucketCounts(), new BucketCounts()] as const;
  const perplexity = new PerplexityTrainer();
  for (const [at, list] of [bad, good].entries()) {
    for (const bytes of list.map(bytesOf)) {
      kernel.collect(bytes, 0, bytes.length, spool.take);
      kernel.collect(bytes, 0, bytes.length, counts[at]!.take);
      spool.close(at === 1);
      if (at === 1) perplexity.add(bytes, 0, bytes.length);
    }
  }
  const trainer = new LinearTrainer({ bits: 12, seed: 0, positives: 60, negatives: 60 });
  for (let round = 0; round < 5; round++) trainer.train(spool, round);
  models['linear'] = trainer.model();
  models['dsir'] = fitImportance(counts[1], counts[0]);
  models['perplexity'] = perplexity.model();
});

const folder = useFolder();

/** Writes models of the test's own and gives their paths. */
async function pathsOf(...names: string[]): Promise<string[]> {
  const paths: string[] = [];
  for (const name of names) {
    await writeFile(folder(`${name}.model`), serializeModel(models[name]!, {}));
    paths.push(folder(`${name}.model`));
  }
  return paths;
}

async function filterOf(options: StepOptions): Promise<Filter> {
  const resources = await quality.load!(options);
  return quality.create(options, { resources, words: 'unicode', kernel: await createRuleKernel('unicode') });
}

function judge(filter: Filter, text: string): number {
  const bytes = bytesOf(text);
  return filter.judge({ bytes, start: 0, end: bytes.length, column: undefined, replace() {} });
}

/** What the engine does: a pass that measures, then options with thresholds. */
async function measured(
  options: StepOptions,
  texts: readonly string[],
): Promise<{ options: StepOptions; error: number }> {
  expect(needsCalibration(options)).toBe(true);
  const filter = await filterOf(measuringOptions(options));
  const sketch = sketchFor(options);
  for (const [at, text] of texts.entries()) {
    expect(judge(filter, text)).toBe(0);
    sketch.add(at, Math.imul(at, 0x9e3779b1) >>> 0, filter.values!);
  }
  const calibrated = calibrate(options, sketch, await quality.load!(options));
  expect(needsCalibration(calibrated.options)).toBe(false);
  return calibrated;
}

test('keeps the share asked for, the best ones by the model', async () => {
  for (const keepTop of [0.05, 0.3, 0.9, 1]) {
    const options = { models: await pathsOf('linear'), keep_top: keepTop };
    const calibrated = await measured(options, mixed);
    const filter = await filterOf(calibrated.options);
    const found = mixed.map((text) => ({ verdict: judge(filter, text), score: filter.values![0]! }));
    const kept = found.filter(({ verdict }) => verdict === 0);
    expect(kept.length / mixed.length).toBeGreaterThanOrEqual(keepTop - 1e-9);
    expect(kept.length / mixed.length).toBeLessThanOrEqual(keepTop + calibrated.error + 1e-9);
    const worst = Math.min(...kept.map(({ score }) => score));
    for (const { verdict, score } of found) expect(verdict).toBe(score >= worst ? 0 : 1);
  }
});

test('with several models a document is as good as the best of its ranks', async () => {
  const options = { models: await pathsOf('linear', 'dsir'), keep_top: 0.25 };
  const calibrated = await measured(options, mixed);
  const filter = await filterOf(calibrated.options);
  const scores = mixed.map((text) => {
    const verdict = judge(filter, text);
    return { verdict, values: [...filter.values!], evidence: { ...filter.evidence } };
  });
  const kept = scores.filter(({ verdict }) => verdict === 0).length / mixed.length;
  expect(Math.abs(kept - 0.25)).toBeLessThanOrEqual(calibrated.error);
  for (const { verdict, values, evidence } of scores) {
    // Ranks by counting; tables of 1,024 quantiles are within 1/1,024 and a bin of it.
    const ranks = [0, 1].map(
      (at) => scores.filter((other) => other.values[at]! <= values[at]!).length / mixed.length,
    );
    expect(Math.abs(values[2]! - Math.max(...ranks))).toBeLessThan(0.01);
    if (verdict === 0) continue;
    expect(verdict).toBe(1);
    expect(evidence.statistic).toBe(values[2]);
    expect(evidence.statistic).toBeLessThan(evidence.threshold);
    expect(evidence.detail).toMatch(/^greatest rank of all models, that of (linear|dsir)$/);
  }
  expect(quality.columns!(calibrated.options).map(({ name }) => name)).toEqual([
    'quality_linear',
    'quality_dsir',
    'quality',
  ]);
});

test('a threshold keeps what scores at it and above', async () => {
  const options = { models: await pathsOf('linear'), score_only: true };
  const scorer = await filterOf(options);
  expect(judge(scorer, mixed[0]!)).toBe(0);
  const [score] = scorer.values!;
  for (const [step, verdict] of [
    [0, 0],
    [1e-6, 1],
    [-1e-6, 0],
  ] as const) {
    const filter = await filterOf({ models: await pathsOf('linear'), threshold: score! + step });
    expect(judge(filter, mixed[0]!)).toBe(verdict);
    if (verdict === 1)
      expect(filter.evidence).toEqual({ statistic: score, threshold: score! + step, detail: 'linear' });
  }
});

test('a band cuts both ends of perplexity', async () => {
  const texts = [
    ...mixed,
    '@#$%^&*~'.repeat(20),
    'theory evidence because theory evidence because '.repeat(9),
  ];
  const options = { models: await pathsOf('perplexity'), band: ['0.1', '0.8'] };
  const calibrated = await measured(options, texts);
  const filter = await filterOf(calibrated.options);
  const found = texts.map((text) => ({
    verdict: judge(filter, text),
    score: filter.values![0]!,
    ...filter.evidence,
  }));
  const sorted = found.map(({ score }) => score).sort((a, b) => a - b);
  const [low, high] = [sorted[Math.floor(0.1 * texts.length)]!, sorted[Math.floor(0.8 * texts.length)]!];
  for (const { verdict, score, statistic, detail } of found) {
    // Bits per byte are multiples of 1/8 over the length, so a bin holds few.
    if (score < low * (1 - 2 ** -13) || score > high * (1 + 2 ** -13)) {
      expect(verdict).toBe(2);
      expect([statistic, detail]).toEqual([score, 'perplexity']);
    } else if (score > low && score < high) expect(verdict).toBe(0);
  }
  expect(found.at(-2)!.verdict).toBe(2);
  const kept = found.filter(({ verdict }) => verdict === 0).length / texts.length;
  expect(Math.abs(kept - 0.7)).toBeLessThanOrEqual(calibrated.error);
});

test('a band from 0 to 1 cuts nothing but texts without a byte', async () => {
  const options = { models: await pathsOf('perplexity'), band: ['0', '1'] };
  const filter = await filterOf((await measured(options, mixed.slice(0, 50))).options);
  for (const text of [...mixed, '\0\0\0\0', 'ÿ']) expect(judge(filter, text)).toBe(0);
  expect(judge(filter, '')).toBe(2);
});

test('scores alone drop nothing, and a text without words has none', async () => {
  const filter = await filterOf({ models: await pathsOf('linear', 'dsir', 'perplexity'), score_only: true });
  for (const text of ['', ' \t ', textOf(0.5)]) expect(judge(filter, text)).toBe(0);
  judge(filter, ' \t ');
  expect([...filter.values!.subarray(0, 2)]).toEqual([Number.NaN, Number.NaN]);
  expect(filter.values![2]).toBeGreaterThan(0);
  const dropping = await filterOf({ models: await pathsOf('linear'), threshold: -1e9 });
  expect(judge(dropping, ' \t ')).toBe(1);
  expect(dropping.evidence.statistic).toBeNaN();
});

test('verdicts do not depend on the documents judged before', async () => {
  const options = { models: await pathsOf('linear', 'dsir'), keep_top: 0.5 };
  const filter = await filterOf((await measured(options, mixed)).options);
  const forward = mixed.map((text) => judge(filter, text));
  const backward = mixed.toReversed().map((text) => judge(filter, text));
  expect(backward.toReversed()).toEqual(forward);
});

test('a measuring pass gives the same thresholds in any order of documents', async () => {
  const options = {
    models: await pathsOf('linear', 'dsir', 'perplexity'),
    keep_top: 0.4,
    band: ['0.05', '0.95'],
  };
  const texts = mixed.slice(0, 200);
  const filter = await filterOf(measuringOptions(options));
  const rows = texts.map((text, at) => {
    judge(filter, text);
    return { at, values: filter.values!.slice() };
  });
  const resources = await quality.load!(options);
  const found = [rows, rows.toReversed()].map((list) => {
    const sketch = sketchFor(options);
    for (const { at, values } of list) sketch.add(at, Math.imul(at, 0x9e3779b1) >>> 0, values);
    return calibrate(options, sketch, resources);
  });
  expect(found[1]).toEqual(found[0]);
});

describe('a fastText model', () => {
  const path = fileURLToPath(new URL('../kernels/fasttext/fixtures/softmax.bin', import.meta.url));
  const first = expectations.find(({ model }) => model === 'softmax.bin')!.predictions[0]!;

  test('scores with the label asked for, as fastText does, beside models of ours', async () => {
    for (const label of ['han', '__label__cyr', 'lat']) {
      const wanted = `__label__${label.replace('__label__', '')}`;
      const options = { models: [...(await pathsOf('linear')), path], label, score_only: true };
      const filter = await filterOf(options);
      judge(filter, first.text);
      const expected = first.best.find(([name]) => name === wanted)?.[1] ?? 0;
      expect(Math.abs(filter.values![1]! - expected)).toBeLessThan(2e-4);
      expect(quality.columns!(options).map(({ name }) => name)).toEqual([
        'quality_linear',
        'quality_softmax',
      ]);
    }
  });

  test('needs a label where none is named as peers do', async () => {
    const error: unknown = await quality.load!({ models: [path], threshold: 0.5 }).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toMatchObject({
      code: 'USAGE',
      message: expect.stringMatching(
        /softmax\.bin: expected two labels, or one named hq or 1, found .*han.*; name .* in "label"/,
      ) as string,
    });
    const other = quality.load!({ models: [path], threshold: 0.5, label: 'greek' });
    await expect(other).rejects.toThrow(/expected the label "greek", found/);
  });
});

test('a giant document is scored like any other, and the next one as if it had not been', async () => {
  const filter = await filterOf({ models: await pathsOf('linear', 'dsir'), score_only: true });
  judge(filter, mixed[0]!);
  const alone = [...filter.values!];
  const once = `${textOf(0.5)}\n`;
  judge(filter, once.repeat(Math.ceil((17 << 20) / once.length)));
  const giant = [...filter.values!];
  judge(filter, once.repeat(300));
  // Counts stop at 255 in both; the one pair across the seam is another share of the mean.
  expect(giant[0]).toBeCloseTo(filter.values![0]!, 3);
  expect(giant[1]).toBeCloseTo(filter.values![1]!, 2);
  judge(filter, mixed[0]!);
  expect([...filter.values!]).toEqual(alone);
});

test('models in folders of the same file name get columns of their own', () => {
  const options = { models: ['/a/edu.model', '/b/edu.bin', 'web.ftz'], score_only: true };
  expect(quality.columns!(options).map(({ name }) => name)).toEqual([
    'quality_edu',
    'quality_edu_2',
    'quality_web',
  ]);
});

describe('options that do not fit are refused', () => {
  const cases: [string, string[], StepOptions, RegExp][] = [
    ['no models', [], { keep_top: 0.1 }, /expected models to judge with, found none/],
    [
      'nothing to keep',
      ['linear'],
      {},
      /add "keep_top" \(a share\), "threshold" .* "band" .* or "score_only"/,
    ],
    ['share and threshold', ['linear'], { keep_top: 0.1, threshold: 0 }, /leave one of them out/],
    ['a share of nothing', ['linear'], { keep_top: 0 }, /expected a share above 0/],
    ['a threshold for two', ['linear', 'dsir'], { threshold: 0 }, /"threshold" is for one model, found 2/],
    ['a band without perplexity', ['linear'], { band: ['0', '1'] }, /"band" is for perplexity models/],
    [
      'perplexity without a band',
      ['linear', 'perplexity'],
      { keep_top: 0.1 },
      /perplexity is a perplexity model.*add "band"/,
    ],
    [
      'a share of perplexity alone',
      ['perplexity'],
      { keep_top: 0.1, band: ['0', '1'] },
      /"keep_top" needs a model that says what is good/,
    ],
    ['half a band', ['perplexity'], { band: ['0.1'] }, /two quantiles from 0 to 1 that ascend/],
    ['a band upside down', ['perplexity'], { band: ['0.9', '0.1'] }, /two quantiles/],
    ['a band of words', ['perplexity'], { band: ['low', 'high'] }, /two quantiles/],
    ['a band with an empty text', ['perplexity'], { band: ['', '0.5'] }, /two quantiles/],
    [
      'a calibration of others',
      ['linear'],
      { keep_top: 0.1, calibration: '{}' },
      /"calibration": expected what a run with 1 model reported/,
    ],
    ['a calibration that is no JSON', ['linear'], { keep_top: 0.1, calibration: 'x' }, /"calibration"/],
  ];
  test.each(cases)('%s', async (_, names, options, message) => {
    await expect(quality.load!({ models: await pathsOf(...names), ...options })).rejects.toThrow(message);
    await expect(quality.load!({ models: await pathsOf(...names), ...options })).rejects.toMatchObject({
      code: 'USAGE',
    });
  });
});

test('a model that is not there, a folder, or damaged is an error of the input', async () => {
  await mkdir(folder('folder'));
  const [path] = await pathsOf('linear');
  const file = serializeModel(models['linear']!, {});
  file[100]! ^= 1;
  await writeFile(folder('damaged.model'), file);
  for (const name of [folder('missing'), folder('folder'), folder('damaged.model')]) {
    await expect(quality.load!({ models: [path!, name], score_only: true })).rejects.toMatchObject({
      code: 'BAD_INPUT',
    });
  }
});

test('a calibration is read as it was written, and its ranks ascend', () => {
  const knots = Float32Array.from({ length: 1024 }, (_, at) => (at < 300 ? -1 : Math.fround(at / 100)));
  const calibration = {
    threshold: 0.5,
    knots: [knots, null],
    bands: [null, [1, Number.POSITIVE_INFINITY]] as const,
  };
  expect(parseCalibration(serializeCalibration(calibration), 2)).toEqual(calibration);
  let last = 0;
  for (let value = -2; value < 12; value += 0.01) {
    const rank = rankAmong(knots, value);
    expect(rank).toBeGreaterThanOrEqual(last);
    last = rank;
  }
  expect(last).toBe(1);
  expect(rankAmong(knots, -2)).toBe(0);
  expect(rankAmong(knots, Number.NaN)).toBe(-1);
  const descending = { ...calibration, knots: [knots.toReversed(), null] };
  expect(() => parseCalibration(serializeCalibration(descending), 2)).toThrow(/"calibration"/);
});

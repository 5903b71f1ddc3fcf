import { readdir, readFile, writeFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { createQualityKernel } from '../../src/kernels/quality/kernel.ts';
import { parseModel } from '../../src/kernels/quality/model.ts';
import { areaUnderCurve } from '../../src/kernels/quality/roc.ts';
import { type TrainEvent, type TrainQualityOptions, trainQuality } from '../../src/train-quality.ts';
import { gunzipped, hasSharedData, jsonLines, linesOf, seeded, useFolder } from './support.ts';

const folder = useFolder();

/** Documents whose words lean to one of two vocabularies. */
function documents(count: number, seed: number, isGood: boolean): { text: string }[] {
  const random = seeded(seed);
  return Array.from({ length: count }, () => {
    const words = Array.from({ length: 20 + Math.floor(random() * 60) }, () => {
      const word = Math.floor(random() * 300);
      return random() < 0.2 ? `${isGood ? 'fact' : 'junk'}${word % 40}` : `word${word}`;
    });
    return { text: `${words.join(' ')}.` };
  });
}

/** Writes both classes and gives the options to learn from them. */
async function planted(more: Partial<TrainQualityOptions> = {}): Promise<TrainQualityOptions> {
  await writeFile(folder('good.jsonl'), jsonLines(documents(240, 1, true)));
  await writeFile(folder('bad.jsonl.gz'), gzipSync(jsonLines(documents(400, 2, false))));
  return {
    kind: 'linear',
    positive: folder('good.jsonl'),
    negative: [folder('bad.jsonl.gz')],
    output: folder('m.model'),
    bits: 14,
    threads: 1,
    ...more,
  };
}

async function aucOf(path: string): Promise<number> {
  const { model } = parseModel(await readFile(path), path);
  const kernel = await createQualityKernel([model]);
  const scores = [false, true].map((isGood) =>
    Float64Array.from(documents(200, isGood ? 11 : 12, isGood), ({ text }) => {
      const into = new Float64Array(1);
      const bytes = new TextEncoder().encode(text);
      kernel.score(bytes, 0, bytes.length, into);
      return into[0]!;
    }),
  );
  return areaUnderCurve(scores[1]!, scores[0]!).auc;
}

describe.each(['linear', 'importance'] as const)('a %s model', (kind) => {
  const of = (options: TrainQualityOptions): TrainQualityOptions => {
    const { bits: _, ...others } = options;
    return kind === 'linear' ? options : { ...others, kind };
  };

  test('tells apart documents it has not seen, as its report says', async () => {
    const report = await trainQuality(of(await planted()));
    expect(report).toMatchObject({
      kind,
      documents: 640,
      positives: 240,
      negatives: 400,
      output: folder('m.model'),
    });
    const { auc, low, high, positives, negatives } = report.heldOut!;
    expect(auc).toBeGreaterThan(0.95);
    expect(low).toBeLessThanOrEqual(auc);
    expect(high).toBeGreaterThanOrEqual(auc);
    // A tenth of each, five standard deviations.
    expect(Math.abs(positives - 24)).toBeLessThan(5 * Math.sqrt(21.6));
    expect(Math.abs(negatives - 40)).toBeLessThan(5 * Math.sqrt(36));
    expect(await aucOf(report.output)).toBeGreaterThan(0.95);
    const file = await readFile(report.output);
    expect(report.modelBytes).toBe(file.length);
    expect(parseModel(file, 'm').notes).toMatchObject({
      kind,
      seed: 0,
      positives: 240,
      negatives: 400,
      heldOutAuc: auc,
    });
    expect(await readdir(folder())).toEqual(['bad.jsonl.gz', 'good.jsonl', 'm.model']);
  });

  test('is the same bytes for any number of threads and any size of a batch of input', async () => {
    await trainQuality(of(await planted()));
    const once = await readFile(folder('m.model'));
    await trainQuality(of(await planted({ threads: 2 })));
    expect((await readFile(folder('m.model'))).equals(once)).toBe(true);
    const halves = documents(240, 1, true);
    await writeFile(folder('a.jsonl'), jsonLines(halves.slice(0, 100)));
    await writeFile(folder('b.jsonl'), jsonLines(halves.slice(100)));
    await trainQuality(of(await planted({ positive: [folder('a.jsonl'), folder('b.jsonl')] })));
    expect((await readFile(folder('m.model'))).equals(once)).toBe(true);
  });

  test('learns from all when too few could be held out', async () => {
    await writeFile(folder('few.jsonl'), jsonLines(documents(30, 3, true)));
    const report = await trainQuality(of(await planted({ positive: folder('few.jsonl') })));
    expect(report.heldOut).toBeUndefined();
    expect(report.positives).toBe(30);
  });

  test('finds nothing where the labels mean nothing', async () => {
    const options = await planted();
    await writeFile(folder('x.jsonl'), jsonLines(documents(400, 21, true)));
    await writeFile(folder('y.jsonl'), jsonLines(documents(400, 22, true)));
    const { heldOut } = await trainQuality(
      of({ ...options, positive: folder('x.jsonl'), negative: folder('y.jsonl') }),
    );
    // Standard deviation of an AUC without a difference: sqrt((m + n + 1) / (12 m n)); five of them.
    const { auc, positives: m, negatives: n } = heldOut!;
    expect(Math.abs(auc - 0.5)).toBeLessThan(5 * Math.sqrt((m + n + 1) / (12 * m * n)));
  });
});

test('inputs that do not fit the spool are read again for each epoch, and learned from all the same', async () => {
  const events: TrainEvent[] = [];
  const options = await planted({ spoolBytes: 20_000, epochs: 1, onEvent: (event) => events.push(event) });
  const report = await trainQuality(options);
  expect(events.some(({ pass }) => pass === 'epoch')).toBe(true);
  // Read once, for the epoch, and for what is held out.
  expect(events.at(-1)!.documents).toBe(3 * 640);
  expect(report.documents).toBe(640);
  expect(report.heldOut!.auc).toBeGreaterThan(0.95);
  const once = await readFile(report.output);
  await trainQuality({ ...options, threads: 2 });
  expect((await readFile(report.output)).equals(once)).toBe(true);
});

test('another seed holds out other documents and gives another model', async () => {
  const first = await trainQuality(await planted());
  const once = await readFile(folder('m.model'));
  const second = await trainQuality(await planted({ seed: 9 }));
  expect(second.heldOut).not.toEqual(first.heldOut);
  expect((await readFile(folder('m.model'))).equals(once)).toBe(false);
});

test('a perplexity model learns from one kind of text and finds it easier than another', async () => {
  const { bits: _, negative: __, ...options } = await planted({ kind: 'perplexity' });
  const report = await trainQuality(options);
  expect(report).toMatchObject({
    kind: 'perplexity',
    documents: 240,
    positives: 240,
    negatives: 0,
    heldOut: undefined,
  });
  // Low is like the positives, so the AUC of bits per byte is below a half.
  expect(await aucOf(report.output)).toBeLessThan(0.2);
});

test('another column can be learned from; rows without words do not count', async () => {
  const rows = documents(30, 1, true).map(({ text }, at) => ({
    body: at % 3 === 0 ? (at % 2 === 0 ? null : '  ') : text,
  }));
  await writeFile(folder('body.jsonl'), jsonLines(rows));
  const report = await trainQuality(
    await planted({ positive: folder('body.jsonl'), negative: folder('body.jsonl'), textColumn: 'body' }),
  );
  expect([report.positives, report.negatives]).toEqual([20, 20]);
});

describe('a training that cannot be is refused, and leaves no file', () => {
  const cases: [string, Partial<TrainQualityOptions>, string, RegExp][] = [
    ['no positive inputs', { positive: [] }, 'USAGE', /--positive: expected inputs/],
    ['one class only', { negative: [] }, 'USAGE', /--negative: expected inputs for a linear model/],
    [
      'two classes for perplexity',
      { kind: 'perplexity' },
      'USAGE',
      /--negative has no meaning for a perplexity model/,
    ],
    ['standard input', { positive: '-' }, 'USAGE', /standard input cannot be one/],
    ['no epoch', { epochs: 0 }, 'USAGE', /--epochs: expected a whole number from 1 to 1000, found 0/],
    ['too many bits', { bits: 23 }, 'USAGE', /--bits: expected a whole number from 10 to 22, found 23/],
    ['epochs for importance', { kind: 'importance', epochs: 3 }, 'USAGE', /--epochs is for a linear model/],
    [
      'no such column',
      { textColumn: 'body' },
      'USAGE',
      /text column "body": expected text or binary, found no such column/,
    ],
    ['no such file', { positive: 'nowhere.jsonl' }, 'USAGE', /nowhere\.jsonl/],
  ];
  test.each(cases)('%s', async (_, more, code, message) => {
    const options = await planted(more);
    const error: unknown = await trainQuality(options).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) as string });
    expect(await readdir(folder())).not.toContain('m.model');
  });

  test('a class without words', async () => {
    await writeFile(folder('empty.jsonl'), jsonLines([{ text: '' }, { text: ' ' }]));
    await expect(trainQuality(await planted({ positive: folder('empty.jsonl') }))).rejects.toThrow(
      /empty\.jsonl: expected positive documents with words in the column "text", found none/,
    );
    await expect(trainQuality(await planted({ negative: folder('empty.jsonl') }))).rejects.toThrow(
      /negative documents/,
    );
  });

  test('an abort', async () => {
    const controller = new AbortController();
    const options = await planted({
      signal: controller.signal,
      onEvent: () => controller.abort(new Error('enough')),
    });
    await expect(trainQuality(options)).rejects.toThrow('enough');
    expect(await readdir(folder())).not.toContain('m.model');
  });

  test('an output that cannot be written', async () => {
    const options = await planted({ output: folder('none', 'm.model') });
    await expect(trainQuality(options)).rejects.toMatchObject({ code: 'BAD_OUTPUT' });
  });
});

describe.skipIf(!hasSharedData)('on human judgements of web pages', () => {
  test('a linear model of one half tells the other half apart better than chance, and shuffled labels do not', async () => {
    const rows = linesOf((await gunzipped('quality/dclm-human-judgements.jsonl.gz')).toString()).map(
      (line) => JSON.parse(line) as { text: string; label: number },
    );
    const random = seeded(4);
    const order = rows.map((row) => ({ row, key: random() })).sort((a, b) => a.key - b.key);
    const train = order.slice(0, rows.length / 2).map(({ row }) => row);
    const test = order.slice(rows.length / 2).map(({ row }) => row);
    const learned = async (
      labels: readonly number[],
    ): Promise<{ auc: number; low: number; high: number }> => {
      await writeFile(folder('good.jsonl'), jsonLines(train.filter((_, at) => labels[at] === 1)));
      await writeFile(folder('bad.jsonl'), jsonLines(train.filter((_, at) => labels[at] === 0)));
      const { output } = await trainQuality({
        kind: 'linear',
        positive: folder('good.jsonl'),
        negative: folder('bad.jsonl'),
        output: folder('m.model'),
        threads: 1,
      });
      const kernel = await createQualityKernel([parseModel(await readFile(output), output).model]);
      const scores = [0, 1].map((label) =>
        Float64Array.from(
          test.filter((row) => row.label === label),
          ({ text }) => {
            const into = new Float64Array(1);
            const bytes = new TextEncoder().encode(text);
            kernel.score(bytes, 0, bytes.length, into);
            return into[0]!;
          },
        ),
      );
      return areaUnderCurve(scores[1]!, scores[0]!);
    };
    const labels = train.map(({ label }) => label);
    expect((await learned(labels)).low).toBeGreaterThan(0.65);
    const shuffled = await learned(
      labels
        .map((label) => ({ label, key: random() }))
        .sort((a, b) => a.key - b.key)
        .map(({ label }) => label),
    );
    expect(shuffled.low).toBeLessThan(0.5);
    expect(shuffled.high).toBeGreaterThan(0.5);
  });
});

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { decontaminate } from '../../src/filters/decontaminate.ts';
import type { Filter, FilterContext, StepOptions } from '../../src/filters/filter.ts';
import { simplifiedText } from '../kernels/simplified/text.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-decontaminate-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const defaults = { ngram: 13, min_tokens: 8 };
const words = (first: number, count: number): string[] =>
  Array.from(
    { length: count },
    (_, i) => `w${String.fromCharCode(97 + ((first + i) % 26), 97 + Math.floor((first + i) / 26))}`,
  );
const text = (first: number, count: number): string => words(first, count).join(' ');

async function file(name: string, content: string | Uint8Array): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

async function load(options: StepOptions): Promise<Filter> {
  const resources = await decontaminate.load!({ ...defaults, ...options });
  return decontaminate.create(options, { resources } as unknown as FilterContext);
}

/** Evidence of the drop, or undefined for a document that passes. */
function found(filter: Filter, document: string | Uint8Array): string | undefined {
  const bytes = Buffer.from(document);
  const padded = Buffer.concat([Buffer.from('wax '), bytes, Buffer.from(' wax')]);
  const verdict = filter.judge({
    bytes: padded,
    start: 4,
    end: 4 + bytes.length,
    column: undefined,
    replace: () => {
      throw new Error('expected no edit');
    },
  });
  expect(verdict).toBeLessThanOrEqual(1);
  return verdict === 0 ? undefined : filter.evidence.detail;
}

describe('what is found', () => {
  test('thirteen words in a row are, twelve are not', async () => {
    const path = await file('exam.jsonl', `${JSON.stringify({ question: text(0, 20) })}\n`);
    const filter = await load({ against: [path] });
    expect(found(filter, text(3, 12))).toBeUndefined();
    expect(found(filter, text(3, 13))).toBe(`exam: ${text(3, 13)}`);
    expect(found(filter, `before ${text(3, 13)} behind`)).toBe(`exam: ${text(3, 13)}`);
    expect(found(filter, `${text(3, 12)} other ${text(4, 12)}`)).toBeUndefined();
    expect(found(filter, '')).toBeUndefined();
  });

  test('the first match of a document is named, and the first set that holds it', async () => {
    const one = await file('one.jsonl', JSON.stringify({ a: text(0, 30) }));
    const two = await file('two.jsonl', JSON.stringify({ a: text(10, 30) }));
    const filter = await load({ against: [one, two] });
    expect(found(filter, `${text(26, 14)} x ${text(0, 20)}`)).toBe(`two: ${text(26, 13)}`);
    expect(found(filter, text(10, 13))).toBe(`one: ${text(10, 13)}`);
    expect(found(await load({ against: [two, one] }), text(10, 13))).toBe(`two: ${text(10, 13)}`);
  });

  test('case, punctuation, accents and the value of numbers make no difference', async () => {
    const path = await file(
      'exam.jsonl',
      JSON.stringify({
        question: 'The café of Zoë sold 1,234.56 litres in May 2019; how much did her 12 guests drink?',
      }),
    );
    const filter = await load({ against: [path] });
    const disguised =
      'Well! THE CAFE,\n\nof “ZOE” – sold 7 0 litres (in may 1887): How\u00a0much did HER ١٢ guests\tdrink…';
    expect(found(filter, disguised)).toBe('exam: the cafe of zoe sold 0 0 litres in may 0 how much');
  });

  test('a short question counts as a whole from eight words on, in either order of length', async () => {
    const rows = [text(0, 8), text(40, 12), text(0, 10), text(80, 7)].map((question) =>
      JSON.stringify({ question, answer: 7 }),
    );
    const path = await file('short.jsonl', rows.join('\n'));
    const filter = await load({ against: [path] });
    expect(found(filter, `so ${text(0, 8)} it is`)).toBe(`short: ${text(0, 8)}`);
    expect(found(filter, `so ${text(0, 10)} it is`)).toBe(`short: ${text(0, 10)}`);
    expect(found(filter, text(40, 12))).toBe(`short: ${text(40, 12)}`);
    expect(found(filter, text(40, 11))).toBeUndefined();
    expect(found(filter, text(80, 7))).toBeUndefined();
    await expect(load({ against: [path], min_tokens: null })).rejects.toThrow(
      /short\.jsonl: expected at least one text of 13 words, found none in 4 rows/,
    );
  });

  test('a short text is not looked for where another text of its row is long', async () => {
    const path = await file('mixed.jsonl', JSON.stringify({ question: text(0, 13), answer: text(40, 9) }));
    const filter = await load({ against: [path] });
    expect(found(filter, text(40, 9))).toBeUndefined();
    expect(found(filter, text(0, 13))).toBe(`mixed: ${text(0, 13)}`);
  });

  test('n-grams reach from one text of a row into the next, and not into the next row', async () => {
    const rows = [
      { question: text(0, 13), answer: text(13, 13) },
      { question: text(26, 13), answer: '' },
    ];
    const path = await file('rows.jsonl', rows.map((row) => JSON.stringify(row)).join('\n'));
    const filter = await load({ against: [path] });
    expect(found(filter, text(7, 13))).toBe(`rows: ${text(7, 13)}`);
    expect(found(filter, text(20, 13))).toBeUndefined();
  });

  test('what is mostly numbers is in every table, and is not looked for', async () => {
    const path = await file(
      'sums.jsonl',
      JSON.stringify({ a: `1 2 3 4 5 6 7 8 9 10 11 12 13 14 ${text(0, 20)}` }),
    );
    const filter = await load({ against: [path] });
    expect(found(filter, '3 1 4 1 5 9 2 6 5 3 5 8 9 7 9 3')).toBeUndefined();
    expect(found(filter, `1 2 3 4 5 6 7 ${text(0, 6)}`)).toBeUndefined();
    expect(found(filter, `1 2 3 4 5 6 ${text(0, 7)}`)).toBe(`sums: 0 0 0 0 0 0 ${text(0, 7)}`);
  });

  test('bytes that are not UTF-8, and words and texts of any length, do no harm', async () => {
    const path = await file('exam.jsonl', JSON.stringify({ question: text(0, 20) }));
    const filter = await load({ against: [path] });
    const odd = Buffer.from([
      0xff, 0x20, 0xc3, 0x20, 0xe2, 0x82, 0x20, 0xed, 0xa0, 0x80, 0x20, 0xf4, 0x90, 0x80, 0x80, 0,
    ]);
    expect(found(filter, odd)).toBeUndefined();
    expect(found(filter, Buffer.concat([odd, Buffer.from(text(0, 13)), Buffer.from(' '), odd]))).toBe(
      `exam: ${text(0, 13)}`,
    );
    expect(found(filter, 'é'.repeat(1e6))).toBeUndefined();
    expect(found(filter, `${"Σ'".repeat(3e5)} ${text(0, 13)}`)).toBe(`exam: ${text(0, 13)}`);
  });

  test('a match is found wherever it lies in a long document', async () => {
    const path = await file('exam.jsonl', JSON.stringify({ question: text(0, 13) }));
    const filter = await load({ against: [path] });
    for (let before = 2000; before < 2100; before++) {
      expect(found(filter, `${'x '.repeat(before)}${text(0, 13)}`)).toBe(`exam: ${text(0, 13)}`);
    }
  });
});

describe('files of evaluation sets', () => {
  test('JSON lines, a JSON array, plain text and gzip say the same', async () => {
    const row = { task: 'arithmetic', deep: { choices: [{ text: text(0, 14) }] }, number: 3, nothing: null };
    const paths = [
      await file('a.jsonl', `\ufeff${JSON.stringify(row)}\r\n\n`),
      await file('b.json', JSON.stringify([row], null, 2)),
      await file('c.jsonl.gz', gzipSync(JSON.stringify(row))),
      await file('d.json', `${JSON.stringify(row)}\n${JSON.stringify(row)}\n`),
    ];
    for (const path of paths) {
      expect(found(await load({ against: [path] }), text(0, 13))).toBe(`arithmetic: ${text(0, 13)}`);
    }
    const plain = await file('plain.txt', `${text(0, 14)}\n\n${text(26, 14)}\n`);
    const filter = await load({ against: [plain] });
    expect(found(filter, text(27, 13))).toBe(`plain: ${text(27, 13)}`);
    expect(found(filter, text(10, 14))).toBeUndefined();
  });

  test('a pattern stands for files by name', async () => {
    await file('set-one.jsonl', JSON.stringify({ a: text(0, 13) }));
    await file('set-two.jsonl', JSON.stringify({ a: text(13, 13) }));
    const filter = await load({ against: [join(folder, 'set-*.jsonl')] });
    expect(found(filter, text(13, 13))).toBe(`set-two: ${text(13, 13)}`);
    expect(found(filter, text(0, 13))).toBe(`set-one: ${text(0, 13)}`);
    expect(found(await load({ against: [join(folder, 'set-t?o.*')] }), text(0, 13))).toBeUndefined();
  });

  test('fields choose what is looked for', async () => {
    const path = await file('f.jsonl', JSON.stringify({ context: text(0, 13), question: text(13, 13) }));
    const filter = await load({ against: [path], fields: ['question'] });
    expect(found(filter, text(0, 13))).toBeUndefined();
    expect(found(filter, text(13, 13))).toBe(`f: ${text(13, 13)}`);
    await expect(load({ against: [path], fields: ['query'] })).rejects.toThrow(
      /f\.jsonl: expected a field "query", found context, question; name others with "fields"/,
    );
  });

  test('what cannot be read is refused with its place', async () => {
    const refused = (name: string, content: string | Uint8Array): Promise<Filter> =>
      file(name, content).then((path) => load({ against: [path] }));
    await expect(load({ against: [] })).rejects.toThrow(/expected "against"/);
    await expect(load({ against: [join(folder, 'none.jsonl')] })).rejects.toThrow(/none\.jsonl: .*ENOENT/);
    await expect(load({ against: [join(folder, 'none-*.jsonl')] })).rejects.toThrow(
      /none-\*\.jsonl, found none/,
    );
    await expect(refused('x.parquet', 'PAR1')).rejects.toThrow(/sluice convert/);
    await expect(refused('x.jsonl', '{"a": "b"}\n{"a": ')).rejects.toThrow(
      /x\.jsonl: line 2: expected JSON, found "\{/,
    );
    await expect(refused('y.jsonl.gz', gzipSync('{}').subarray(0, 12))).rejects.toThrow(
      /gzip that does not unpack/,
    );
    await expect(refused('z.json', '['.repeat(40) + ']'.repeat(40))).rejects.toThrow(/at most 32 levels/);
    await expect(refused('empty.jsonl', '')).rejects.toThrow(/expected at least one text of 13 words/);
  });
});

// Oracles that are slow, on real questions and real prose.

const shared = fileURLToPath(new URL('../../../shared/data/', import.meta.url));
const hasShared = existsSync(shared);
if (!hasShared)
  process.stdout.write('no ../shared/data beside the project: real evaluation sets are skipped\n');

interface Row {
  readonly text: string;
  readonly question: string;
  readonly answer: string;
}
const rowsOf = (name: string): Row[] =>
  gunzipSync(readFileSync(shared + name))
    .toString()
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Row);

/** Other case, punctuation, spacing, accents and numbers; the same after simplification. */
function disguise(question: string, seed: number): string {
  return question
    .replace(/\d+(?:[.,]\d+)?/g, (number) => `${Number.parseInt(number, 10) + seed}`)
    .replace(/[eE](?=\w)/, '$&\u0301')
    .replace(/[.,;:?!'"]/g, seed % 2 === 0 ? ' - ' : ' … ')
    .replace(/ /g, seed % 3 === 0 ? '\n ' : ' ')
    .replace(/\p{L}/gu, (letter) => (seed % 5 < 2 ? letter.toUpperCase() : letter));
}

describe.skipIf(!hasShared)('real evaluation sets in real prose', () => {
  test('every planted question is found, and every hit is one by a second implementation', async () => {
    const against = [`${shared}bench/gsm8k-test.jsonl.gz`];
    const filter = await load({ against });
    const prose = rowsOf('corpora/movie-reviews.jsonl.gz').map((row) => row.text);
    const questions = rowsOf('bench/gsm8k-test.jsonl.gz')
      .map((row) => row.question)
      .filter((_, i) => i % 4 === 0);

    // The second implementation: strings, and a set of them.
    const grams = new Set<string>();
    for (const path of against) {
      for (const line of gunzipSync(readFileSync(path)).toString().trimEnd().split('\n')) {
        const values = Object.values(JSON.parse(line) as Record<string, unknown>).flat() as string[];
        const each = values.map((value) => simplifiedText(value).split(' ').filter(Boolean));
        const all = each.flat();
        for (let i = 0; i + 13 <= all.length; i++) grams.add(all.slice(i, i + 13).join(' '));
        const longest = each.reduce((best, one) => (one.length > best.length ? one : best), []);
        if (longest.length >= 8 && longest.length < 13) grams.add(longest.join(' '));
      }
    }
    const firstGram = (document: string): string | undefined => {
      const all = simplifiedText(document).split(' ').filter(Boolean);
      for (let i = 0; i < all.length; i++) {
        for (let length = Math.min(13, all.length - i); length >= 8; length--) {
          const gram = all.slice(i, i + length);
          if (2 * gram.filter((word) => word === '0').length <= length && grams.has(gram.join(' ')))
            return gram.join(' ');
        }
      }
      return undefined;
    };

    let clean = 0;
    for (const document of prose.slice(0, 200)) {
      const hit = found(filter, document);
      if (hit === undefined) clean++;
      expect(hit?.replace(/^[^:]*: /, '')).toBe(firstGram(document));
    }
    expect(clean).toBe(200);
    let planted = 0;
    questions.forEach((question, i) => {
      const host = prose[i]!;
      const at = host.indexOf(' ', (i * 37) % 400);
      const document = `${host.slice(0, at)}. ${disguise(question, i)} ${host.slice(at)}`;
      const hit = found(filter, document);
      if (hit !== undefined) planted++;
      if (i % 20 === 0) expect(hit?.replace(/^[^:]*: /, '')).toBe(firstGram(document));
    });
    expect(planted).toBe(questions.length);
  }, 30_000);
});

const python = process.env['SLUICE_TEST_PYTHON'];
if (python === undefined)
  process.stdout.write('SLUICE_TEST_PYTHON names no Python with datatrove: not compared\n');

test.skipIf(python === undefined || !hasShared)(
  'simplified words are those of datatrove',
  () => {
    const samples = [
      ...rowsOf('langid/udhr.jsonl.gz').map((row) => row.text.slice(0, 3000)),
      ...rowsOf('bench/gsm8k-test.jsonl.gz').map((row) => `${row.question} ${row.answer}`),
      "ΑΣ ΣΑΣ. Σ Α'Σ Σ\u0301Α ΑΣ.Α İ ŉ ǅ ﬁ １２3,4٫5.6 x²½Ⅳ \u1fef a\u0300b \u0300 c ᄀ가각 か゚が",
    ];
    const program =
      'import sys, json\nfrom datatrove.utils.text import simplify_text\nfor line in sys.stdin: print(json.dumps(simplify_text(json.loads(line)).split()))';
    const run = spawnSync(python!, ['-c', program], {
      input: samples.map((sample) => `${JSON.stringify(sample)}\n`).join(''),
      maxBuffer: 1 << 28,
      encoding: 'utf8',
    });
    const expected = run.stdout
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as string[]).join(' '));
    expect(samples.map((sample) => simplifiedText(sample).split(' ').filter(Boolean).join(' '))).toEqual(
      expected,
    );
  },
  60_000,
);

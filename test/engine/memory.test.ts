import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Field, makeData, RecordBatch, Schema, Struct, Table, tableToIPC, Utf8 } from 'apache-arrow';
import { Table as WasmTable, WriterPropertiesBuilder, writeParquet } from 'parquet-wasm/node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readReport, seeded, sluice, useFolder } from './support.ts';

const folder = useFolder();
const MEBIBYTE = 2 ** 20;
const DOCUMENT_BYTES = 3000;
const WORD_BYTES = 10;

/** Writes `count` documents of 3 KB of words that hardly repeat, as one row group with pages of 1 MiB, by the Rust writer. */
async function writeOneRowGroup(path: string, count: number): Promise<void> {
  const bytes = new Uint8Array(count * DOCUMENT_BYTES);
  const random = seeded(count);
  for (let i = 0; i < bytes.length; i += WORD_BYTES) {
    // Whole numbers of 32 bits throughout: a remainder of others takes many times as long.
    let letters = (random() * 2 ** 32) >>> 0;
    for (let k = 0; k < WORD_BYTES - 1; k++) {
      bytes[i + k] = 97 + (letters % 26);
      letters = ((letters / 26) >>> 0) + k * 7;
    }
    bytes[i + WORD_BYTES - 1] = 0x20;
  }
  const valueOffsets = Int32Array.from({ length: count + 1 }, (_, i) => i * DOCUMENT_BYTES);
  const text = makeData({ type: new Utf8(), length: count, nullCount: 0, valueOffsets, data: bytes });
  const schema = new Schema([new Field('text', new Utf8(), false)]);
  const rows = makeData({ type: new Struct(schema.fields), length: count, nullCount: 0, children: [text] });
  const stream = tableToIPC(new Table([new RecordBatch(schema, rows)]), 'stream');
  const properties = new WriterPropertiesBuilder()
    .setMaxRowGroupSize(count)
    .setDictionaryEnabled(false)
    .build();
  await writeFile(path, writeParquet(WasmTable.fromIPCStream(stream), properties));
}

/** Documents of the inputs: 27 MB and 108 MB of text. What grows fourfold is the input, not the process. */
const COUNTS = [9_000, 36_000] as const;
let inputs = '';
const inputOf = (count: number): string => join(inputs, `${count}.parquet`);
beforeAll(async () => {
  inputs = await mkdtemp(join(tmpdir(), 'sluice-memory-'));
  for (const count of COUNTS) await writeOneRowGroup(inputOf(count), count);
});
afterAll(() => rm(inputs, { recursive: true, force: true }));

/** Peak memory, less what grows with the number of documents, of a run on each of the inputs. */
async function peaksOf(...words: readonly string[]): Promise<number[]> {
  const peaks: number[] = [];
  for (const count of COUNTS) {
    const [verb, ...options] = words;
    const { code, stderr } = await sluice([
      verb!,
      inputOf(count),
      '-o',
      folder(`out-${count}`),
      '--threads',
      '2',
      ...options,
    ]);
    expect(stderr).toMatch(/kept/);
    expect(code).toBe(0);
    const report = await readReport(folder(`out-${count}`));
    expect(report.documents.kept).toBe(count);
    const { filterBytes, exactSetBytes, twinCacheBytes } = report.nearDuplicate!;
    peaks.push(report.peakMemoryBytes - filterBytes - exactSetBytes - twinCacheBytes);
  }
  return peaks;
}

test('peak memory does not follow the size of the input, one huge row group included', async () => {
  const peaks = await peaksOf('dedup');
  expect(peaks[1]!).toBeLessThan(400 * MEBIBYTE);
  expect(peaks[1]! / peaks[0]!).toBeLessThan(1.25);
}, 120_000);

test('nor does it with every kind of filter on', async () => {
  const rules = 'gopher-repetition,gopher-quality,c4-badwords,fineweb-quality,c4-quality';
  const lenient = [
    '--min-stop-words=off',
    '--filter-no-terminal-punct=off',
    '--min-num-sentences=off',
    '--line-punct-thr=0',
  ];
  const others = ['--language-score-only', '--pii', '--dedup', '--keep-rejects'];
  const peaks = await peaksOf('filter', '--rules', rules, ...lenient, ...others);
  expect(peaks[1]!).toBeLessThan(450 * MEBIBYTE);
  expect(peaks[1]! / peaks[0]!).toBeLessThan(1.25);
}, 120_000);

test('a proof keeps to its memory, and its peak does not follow the size of the arms', async () => {
  const heldOut = ['a', 'b', 'c'].map((name) => folder(`${name}.jsonl`));
  for (const [i, path] of heldOut.entries()) {
    await writeFile(path, `${JSON.stringify({ text: `held out ${i} `.repeat(200) })}\n`.repeat(2));
  }
  const memory = 448 * MEBIBYTE;
  const peaks: number[] = [];
  for (const count of COUNTS) {
    const input = inputOf(count);
    const sets = ['--baseline', input, '--curated', input, '--heldout', ...heldOut];
    const size = ['--tokens', '4000000', '--seeds', '1', '--replicates', '100', '--proxy', 'ngram'];
    const words = ['prove', ...sets, ...size, '--memory', String(memory), '--threads', '2'];
    const peakPath = folder('peak');
    const { code, stderr } = await sluice([...words, '-o', folder(`proof-${count}`)], { peakPath });
    expect(stderr).toContain('compute multiplier');
    expect(code).toBe(0);
    peaks.push(Number(await readFile(peakPath, 'utf8')));
  }
  // Words that hardly repeat: as many n-grams as symbols, the worst that there is.
  expect(peaks[1]!).toBeLessThan(memory);
  expect(peaks[1]! / peaks[0]!).toBeLessThan(1.25);
}, 120_000);

test('a curation keeps to the least memory that it accepts, and less is refused before the first row', async () => {
  const words = ['curate', inputOf(COUNTS[0]), '-o', folder('best'), '--keep', '0.5', '--threads', '2'];
  let mebibytes = 400;
  let refusals = 0;
  for (; ; refusals++) {
    const { code, stderr } = await sluice([...words, '--memory', `${mebibytes}MiB`]);
    const missing = /is ([\d.]+) ([KM]iB) too little/.exec(stderr);
    if (missing === null) {
      expect(code).toBe(0);
      break;
    }
    expect(code).toBe(1);
    // A part of what is added goes to sorting, so the first answer is not the last.
    mebibytes += missing[2] === 'MiB' ? Math.ceil(Number(missing[1])) : 1;
  }
  expect(refusals).toBeGreaterThan(0);
  const report = await readReport(folder('best'));
  expect(report.peakMemoryBytes).toBeLessThan(mebibytes * MEBIBYTE);
}, 120_000);

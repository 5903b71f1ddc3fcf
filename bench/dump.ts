import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import duckdb from '@duckdb/node-api';
import {
  Field,
  makeData,
  RecordBatch,
  Schema,
  Struct,
  Table,
  tableToIPC,
  Utf8,
  vectorFromArray,
} from 'apache-arrow';
import {
  Compression as Codec,
  Table as WasmTable,
  WriterPropertiesBuilder,
  writeParquet,
} from 'parquet-wasm/node';
import { documents, projectRoot } from './corpus.ts';

/** A Parquet file for benchmarks. */
export interface Dump {
  readonly path: string;
  readonly documents: number;
  /** Bytes of UTF-8 in the column `text`. */
  readonly textBytes: number;
  readonly compression: Compression;
}

type Compression = 'zstd' | 'snappy';

export const benchFolder: string = join(projectRoot, '.demo', 'bench');

/** Of the length drawn; most texts of the corpus end sooner, so that documents come to about 3 KB. */
const DRAWN_BYTES = 6500;
/** Spread of the logarithm of a document's length: the longest twentieth is 5 times the median or more. */
const SIGMA = 1;
const EXACT_COPIES = 0.07;
const NEAR_COPIES = 0.08;
const ROW_GROUP = 10_000;

/**
 * The Parquet dump of about so many megabytes of text, columns `id` and `text`; built once by parquet-wasm, that is by the
 * Rust writer of Apache Arrow, whose pages of 1 MiB are like those of most dumps; then found again. The same on every
 * machine with the same lock file.
 */
export async function openDump(megabytes: number, compression: Compression): Promise<Dump> {
  const path = join(benchFolder, `text-${megabytes}mb-1mib-pages.${compression}.parquet`);
  if (!existsSync(path)) build(path, megabytes * 1e6, compression);
  const instance = await duckdb.DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  try {
    const reader = await connection.runAndReadAll(
      `SELECT count(*)::DOUBLE, sum(strlen(text))::DOUBLE FROM read_parquet('${quote(path)}')`,
    );
    const [count, bytes] = reader.getRows()[0] as [number, number];
    return { path, documents: count, textBytes: bytes, compression };
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

/** A path inside a DuckDB string literal. */
export function quote(path: string): string {
  return path.replaceAll("'", "''");
}

function build(path: string, byteLength: number, compression: Compression): void {
  console.error(`Building ${path} (once) ...`);
  mkdirSync(benchFolder, { recursive: true });
  const schema = new Schema([new Field('id', new Utf8(), false), new Field('text', new Utf8(), false)]);
  const batches: RecordBatch[] = [];
  let ids: string[] = [];
  let group: string[] = [];
  const flush = (): void => {
    const columns = [ids, group].map((values) => vectorFromArray(values, new Utf8()).data[0]!);
    const data = makeData({
      type: new Struct(schema.fields),
      length: group.length,
      nullCount: 0,
      children: columns,
    });
    batches.push(new RecordBatch(schema, data));
    ids = [];
    group = [];
  };
  let ordinal = 0;
  for (const text of texts(byteLength)) {
    ids.push(`doc-${String(ordinal++).padStart(8, '0')}`);
    group.push(text);
    if (group.length === ROW_GROUP) flush();
  }
  if (group.length > 0) flush();
  const properties = new WriterPropertiesBuilder()
    .setCompression(compression === 'zstd' ? Codec.ZSTD : Codec.SNAPPY)
    .setMaxRowGroupSize(ROW_GROUP)
    .build();
  const stored = writeParquet(WasmTable.fromIPCStream(tableToIPC(new Table(batches), 'stream')), properties);
  writeFileSync(`${path}.unfinished`, stored);
  renameSync(`${path}.unfinished`, path);
}

/**
 * Documents of log-normal length out of the corpus of `documents`. The corpus is used several times; from the second time
 * on one word in four is another word of the corpus, by which 5-word shingles of two uses agree too rarely to be found
 * (Jaccard about 0.13). Of every hundred documents about 15 are then planted: 7 copies, 8 with few words changed. Those
 * the corpus has itself (resent mails, licences) come on top in the first use.
 */
function* texts(byteLength: number): Generator<string, void, undefined> {
  const corpus = [...documents()].map(({ text }) => text.split(/(?<=\s)(?=\S)/));
  const vocabulary = corpus.flatMap((words, i) => (i % 16 === 0 ? words : []));
  const draw = randomNumbers(1);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(draw() * list.length)]!;
  const change = (words: readonly string[], rate: number): string[] =>
    words.map((word) => (draw() < rate ? pick(vocabulary) : word));
  const earlier: string[][] = [];
  let written = 0;
  for (let use = 0; ; use++) {
    for (const words of corpus) {
      for (let start = 0; start < words.length; ) {
        const planted = earlier.length < 1000 ? 1 : draw();
        let document: string[];
        if (planted < EXACT_COPIES) document = pick(earlier);
        else if (planted < EXACT_COPIES + NEAR_COPIES) document = change(pick(earlier), 0.01);
        else {
          const end = cut(words, start, drawLength(draw));
          document = use === 0 ? words.slice(start, end) : change(words.slice(start, end), 0.25);
          start = end;
          // A sample of what was written, the latest more likely: copies lie near and far.
          if (earlier.length < 8192) earlier.push(document);
          else earlier[Math.floor(draw() * 8192)] = document;
        }
        const text = document.join('');
        yield text;
        written += Buffer.byteLength(text);
        if (written >= byteLength) return;
      }
    }
  }
}

/** Log-normal by Box and Muller: the mean of exp(N(mu, sigma)) is exp(mu + sigma^2 / 2). */
function drawLength(draw: () => number): number {
  const normal = Math.sqrt(-2 * Math.log(1 - draw())) * Math.cos(2 * Math.PI * draw());
  return DRAWN_BYTES * Math.exp(SIGMA * normal - SIGMA ** 2 / 2);
}

function cut(words: readonly string[], start: number, characters: number): number {
  let end = start;
  for (let length = 0; end < words.length && (length < characters || end === start); end++) {
    length += words[end]!.length;
  }
  return end;
}

/** Numbers from 0 up to 1: a counter, mixed as MurmurHash3 ends. */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let word = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
    word = Math.imul(word ^ (word >>> 13), 0xc2b2ae35);
    return ((word ^ (word >>> 16)) >>> 0) / 2 ** 32;
  };
}

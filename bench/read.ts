import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { openAsBlob } from 'node:fs';
import { readFile } from 'node:fs/promises';
import duckdb from '@duckdb/node-api';
import { asyncBufferFromFile, type Compressors, parquetRead } from 'hyparquet';
import { snappyUncompressor } from 'hysnappy';
import { ParquetFile, readParquet } from 'parquet-wasm/node';
// @ts-expect-error: the package brings no types
import parquetjs from 'parquetjs-lite';
import { ZSTDDecoder } from 'zstddec';
import type { Morsel } from '../src/formats/format.ts';
import { decodeParquet } from '../src/formats/parquet/decode.ts';
import type { ParquetMorsel } from '../src/formats/parquet/morsel.ts';
import { openParquet } from '../src/formats/parquet/source.ts';
import { type Dump, openDump, quote } from './dump.ts';
import {
  forkPinned,
  highlight,
  pinNote,
  printTable,
  printTitle,
  ratioOf,
  showSpread,
  spreadOf,
  versionOf,
} from './measure.ts';

const WARM_ROUNDS = 2;
const ROUNDS = 7;
const COLUMNS = ['id', 'text'];
const MORSEL_BYTES = 8 * 2 ** 20;

/** Decodes both columns of the file once. @returns bytes of text found, or undefined where they are strings by then. */
type Read = () => Promise<number | undefined>;

/** Prepares a reader in a process of its own, so that no reader works with the types another has shown the compiler. */
type Prepare = (path: string) => Promise<Read> | Read;

const zstd = new ZSTDDecoder();
const wasmZstd: Compressors = { ZSTD: (input, outputLength) => zstd.decode(input, outputLength) };

const readers: Readonly<Record<string, Prepare>> = {
  sluice: readOurs,
  'ceiling: DuckDB, `sum(strlen(...))`': prepareDuckdb,
  'hyparquet, strings': (path) => hyparquet(path, wasmZstd, false),
  'hyparquet, bytes, hysnappy': (path) =>
    hyparquet(path, { ...wasmZstd, SNAPPY: snappyUncompressor() }, true),
  'parquet-wasm, whole file to Arrow IPC': prepareParquetWasm,
  'parquet-wasm, by row group to Arrow IPC': prepareParquetWasmByGroup,
};
const [OURS, CEILING] = Object.keys(readers) as [string, string];

const [reader, readerPath] = process.argv.slice(2);
if (reader === undefined) await measureAll();
else await serve(await readers[reader]!(readerPath!));

async function measureAll(): Promise<void> {
  const dumps = [await openDump(100, 'zstd'), await openDump(100, 'snappy')];
  printTitle(
    'How fast does one thread decode a text column of Parquet to bytes?',
    pinNote,
    `Columns id and text. MB of text a second of processor time: median of ${ROUNDS} rounds (least to most), readers in turn, each in a warm process of its own; ratios are taken round by round.`,
    `DuckDB ${versionOf('@duckdb/node-api')}, hyparquet ${versionOf('hyparquet')}, hysnappy ${versionOf('hysnappy')}, parquet-wasm ${versionOf('parquet-wasm')}.`,
    'hyparquet is given zstddec for zstd, which it does not decode as shipped; the package for that, hyparquet-compressors, is not installed here.',
  );
  for (const dump of dumps) await compare(dump);
}

async function compare(dump: Dump): Promise<void> {
  const children = Object.keys(readers).map((name) => ({
    name,
    rates: [] as number[],
    child: start(name, dump),
  }));
  try {
    for (let round = -WARM_ROUNDS; round < ROUNDS; round++) {
      for (const { name, rates, child } of children) {
        const { cpuMicroseconds, textBytes } = await ask(child, name);
        if (textBytes !== undefined && textBytes !== dump.textBytes) {
          throw new Error(`${name}: expected ${dump.textBytes} bytes of text, found ${textBytes}`);
        }
        if (round >= 0) rates.push(dump.textBytes / cpuMicroseconds);
      }
    }
  } finally {
    for (const { child } of children) child.disconnect();
  }
  const ratesOf = (wanted: string): number[] => children.find(({ name }) => name === wanted)!.rates;
  printTable(
    [
      `${dump.compression}, ${(dump.textBytes / 1e6).toFixed(0)} MB of text`,
      'MB/s of processor time',
      'of the ceiling',
      'sluice, times as fast',
    ],
    children.map(({ name, rates }) => [
      name,
      showSpread(spreadOf(rates)),
      name === CEILING ? '' : showSpread(ratioOf(rates, ratesOf(CEILING))),
      name === OURS || name === CEILING ? '' : showSpread(ratioOf(ratesOf(OURS), rates)),
    ]),
  );
  console.log(`parquetjs-lite ${versionOf('parquetjs-lite')}: ${await tryParquetjs(dump.path)}.`);
  const rivals = children.filter(({ name }) => name !== OURS && name !== CEILING);
  const best = rivals.reduce((a, b) => (spreadOf(b.rates).median > spreadOf(a.rates).median ? b : a));
  const kind = `Read Parquet with ${dump.compression}, one core`;
  highlight(kind, `${showSpread(spreadOf(ratesOf(OURS)))} MB/s`);
  highlight(
    '... as a share of DuckDB decoding the same',
    showSpread(ratioOf(ratesOf(OURS), ratesOf(CEILING))),
  );
  highlight(
    `... beside the fastest of npm (${best.name})`,
    `${showSpread(ratioOf(ratesOf(OURS), best.rates))} times`,
  );
}

interface Round {
  readonly cpuMicroseconds: number;
  readonly textBytes: number | undefined;
}

function start(name: string, dump: Dump): ChildProcess {
  return forkPinned(import.meta.url, [name, dump.path], true);
}

/** One round in another process; an end of that process without an answer is an error. */
async function ask(child: ChildProcess, name: string): Promise<Round> {
  child.send('read');
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`${name}: its process ended with code ${String(code)}`);
  });
  const [round] = (await Promise.race([once(child, 'message'), ended])) as [Round];
  ended.catch(() => {});
  return round;
}

async function serve(read: Read): Promise<void> {
  process.on('message', () => {
    void answer(read);
  });
}

async function answer(read: Read): Promise<void> {
  const start = process.cpuUsage();
  const textBytes = await read();
  const { user, system } = process.cpuUsage(start);
  process.send!({ cpuMicroseconds: user + system, textBytes } satisfies Round);
}

function readOurs(path: string): Read {
  return async () => {
    let textBytes = 0;
    const source = await openParquet(path);
    for await (const morsel of source.morsels({ morselBytes: MORSEL_BYTES, columns: COLUMNS })) {
      let rest: Morsel | undefined = morsel;
      while (rest !== undefined) {
        const decoded = await decodeParquet(rest as ParquetMorsel, {
          byteLimit: 2 * MORSEL_BYTES,
          onError: 'fail',
        });
        const { valueOffsets, offset, length } = decoded.batch.getChild('text')!.data[0]!;
        const offsets = valueOffsets as Int32Array;
        textBytes += offsets[offset + length]! - offsets[offset]!;
        rest = decoded.rest;
      }
    }
    return textBytes;
  };
}

async function prepareDuckdb(path: string): Promise<Read> {
  const instance = await duckdb.DuckDBInstance.create(':memory:', { threads: '1' });
  const connection = await instance.connect();
  const statement = `SELECT sum(strlen(text))::DOUBLE, sum(strlen(id))::DOUBLE FROM read_parquet('${quote(path)}')`;
  return async () => (await connection.runAndReadAll(statement)).getRows()[0]![0] as number;
}

/** Column chunks, not rows: turning them is the reader's largest cost and nobody needs it here. */
function hyparquet(path: string, compressors: Compressors, asBytes: boolean): Read {
  return async () => {
    await zstd.init();
    let textBytes = 0;
    await parquetRead({
      file: await asyncBufferFromFile(path),
      columns: COLUMNS,
      compressors,
      ...(asBytes ? { parsers: { stringFromBytes: (bytes: Uint8Array) => bytes } } : {}),
      onChunk: ({ columnName, columnData }) => {
        if (columnName !== 'text' || !asBytes) return;
        for (let row = 0; row < columnData.length; row++) textBytes += (columnData[row] as Uint8Array).length;
      },
    });
    return asBytes ? textBytes : undefined;
  };
}

function prepareParquetWasm(path: string): Read {
  return async () => {
    readParquet(await readFile(path), { columns: COLUMNS }).intoIPCStream();
    return undefined;
  };
}

function prepareParquetWasmByGroup(path: string): Read {
  return async () => {
    const file = await ParquetFile.fromFile(await openAsBlob(path));
    const groups = file.metadata().numRowGroups();
    for (let group = 0; group < groups; group++) {
      (await file.read({ columns: COLUMNS, rowGroups: [group] })).intoIPCStream();
    }
    file.free();
    return undefined;
  };
}

interface ParquetjsReader {
  getCursor(columns: string[]): { next(): Promise<unknown> };
  close(): Promise<void>;
}

/** A reader of 2018, still the first that a search of npm shows. */
async function tryParquetjs(path: string): Promise<string> {
  const { ParquetReader } = parquetjs as {
    ParquetReader: { openFile(path: string): Promise<ParquetjsReader> };
  };
  try {
    const file = await ParquetReader.openFile(path);
    try {
      await file.getCursor(COLUMNS).next();
      return 'reads this file; it makes a JavaScript object of every row and is not measured';
    } finally {
      await file.close();
    }
  } catch (error) {
    return `refuses this file (${error instanceof Error ? error.message : String(error)})`;
  }
}
